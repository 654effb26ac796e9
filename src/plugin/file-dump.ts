/**
 * A snapshot of many small files as one text, so that it can be kept as raw output and parsed again.
 *
 * Each line of a file becomes `path NUL line`, which is what `grep -asHZ '' FILES...` prints on any Linux; the target of
 * a symbolic link is one such line, as by `find -type l -printf '%p\0%l\n'`; and what is no file has a name that
 * begins with `@`: `@taken` (ns since the epoch on the controller's clock), `@machine` (`uname -m`).
 */
import type { Parser, RowSink } from './evidence.ts'
import { lineParser } from './line-parser.ts'
import type { FileView } from './node.ts'

/** `content` under the name `path`; nothing when it is absent or empty, as grep has it. */
export function dumpOf(path: string, content: string | undefined): string {
  if (content === undefined || content === '') return ''
  const end = content.endsWith('\n') ? content.length - 1 : content.length
  return `${path}\0${content.slice(0, end).replaceAll('\n', `\n${path}\0`)}\n`
}

/** The files as they are now, in the given order; absent and unreadable ones are left out. */
export function dumpFiles(files: FileView, paths: readonly string[]): string {
  let dump = ''
  for (const path of paths) dump += dumpOf(path, files.text(path))
  return dump
}

/** The link's target; a newline in it is written as `\n`. */
export function dumpLink(files: FileView, path: string): string {
  return dumpOf(path, files.link(path)?.replaceAll('\n', '\\n'))
}

export interface DumpHandler {
  /** Takes a file without its last newline; false when it was not understood. */
  file(path: string, text: string): boolean
  /** No more files: adds what is pending. */
  end?(): void
}

/** Parses a dump: adjacent lines of one path are one file. */
export function dumpParser(rows: RowSink, handlerFor: (rows: RowSink) => DumpHandler): Parser {
  return lineParser(rows, (sink) => {
    const handler = handlerFor(sink)
    let path = ''
    let content: string[] = []
    // A file that is not understood is one bad line, counted where it ends.
    const flush = (): boolean => {
      const known = path === '' || handler.file(path, content.join('\n'))
      path = ''
      content = []
      return known
    }
    return {
      line(line) {
        const end = line.indexOf('\0')
        const first = line.charCodeAt(0)
        if (end < 2 || (first !== 0x2f && first !== 0x40)) return false
        const name = line.slice(0, end)
        let known = true
        if (name !== path) {
          known = flush()
          path = name
        }
        content.push(line.slice(end + 1))
        return known
      },
      end() {
        const known = flush()
        handler.end?.()
        return known
      },
    }
  })
}
