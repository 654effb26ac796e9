/** mountinfo of the node, and of processes that see other mounts, to facts (proc_pid_mountinfo(5)). */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { dumpParser } from '../../../plugin/file-dump.ts'

/**
 * Parses a dump of mountinfo files: `/proc/self/mountinfo` gives facts `mount.<path>`, the file of another process,
 * which follows its `comm`, gives `process.<comm>.mount.<path>` for what the node does not mount in the same way.
 */
export function mountsParser(rows: RowSink): Parser {
  return dumpParser(rows, (sink) => {
    let host = new Map<string, string>()
    let comm = ''
    return {
      file(path, text) {
        if (/^\/proc\/\d+\/comm$/.test(path)) {
          comm = text
          return true
        }
        const self = path === '/proc/self/mountinfo'
        if (!self && !/^\/proc\/\d+\/mountinfo$/.test(path)) return false
        const mounts = new Map<string, string>()
        let understood = true
        for (const line of text.split('\n')) {
          const mount = parseMount(line)
          // A later mount at the same place hides the earlier one.
          if (mount === undefined) understood = false
          else mounts.set(mount.path, mount.value)
        }
        for (const [at, value] of mounts) {
          if (self) sink.add('facts', { key: `mount.${at}`, value })
          else if (host.get(at) !== value) sink.add('facts', { key: `process.${comm}.mount.${at}`, value })
        }
        if (self) host = mounts
        return understood
      },
    }
  })
}

/** `36 35 98:0 /root /path rw,noatime master:1 - ext4 /dev/sda rw,errors=continue` to `ext4 /dev/sda rw,noatime,...` */
function parseMount(line: string): { path: string; value: string } | undefined {
  const fields = line.split(' ')
  const [, , , root, path, options] = fields
  const separator = fields.indexOf('-', 6)
  const [type, source, superOptions] = fields.slice(separator + 1)
  if (separator < 0 || !path?.startsWith('/') || root === undefined || options === undefined) return undefined
  if (type === undefined || source === undefined) return undefined
  const all = new Set([...options.split(','), ...(superOptions ?? '').split(',')])
  all.delete('')
  const part = root === '/' ? '' : ` of ${unescape(root)}`
  return { path: unescape(path), value: `${type} ${unescape(source)}${part} ${[...all].join(',')}` }
}

/** Blanks, tabs, newlines and backslashes are written in octal. */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
