/** Facts of the targets, `process.<command name>.<what>`. */

export interface TargetFacts {
  /** Takes a file of a target, or of a control group of the last one; false when it is another file. */
  file(path: string, text: string): boolean
  end(): void
}

/** Hands each fact to `add`; limits of control groups when all groups around the process are known. */
export function createTargetFacts(add: (key: string, value: string) => void): TargetFacts {
  let prefix: string | undefined
  let tightest = new Map<string, string>()
  const end = (): void => {
    for (const [name, value] of tightest) add(`${prefix}.cgroup.${name}`, value)
    tightest = new Map()
  }
  const readGroup = (name: string, value: string): void => {
    const inner = tightest.get(name)
    const isLimit = /\.max$|limit_in_bytes$|\.high$/.test(name)
    if (inner === undefined || (isLimit && limit(value) < limit(inner))) tightest.set(name, value)
  }
  return {
    file(path, text) {
      const [, process = ''] = /^\/proc\/\d+\/([a-z_]+)$/.exec(path) ?? []
      if (process === 'comm') {
        end()
        prefix = `process.${text}`
        return true
      }
      if (prefix === undefined) return false
      if (path.startsWith('/sys/fs/cgroup/')) {
        readGroup(path.slice(path.lastIndexOf('/') + 1), text)
        return true
      }
      switch (process) {
        case 'exe':
          add(`${prefix}.executable`, text)
          return true
        case 'oom_score_adj':
          add(`${prefix}.oom-score-adjustment`, text)
          return true
        case 'cgroup':
          add(`${prefix}.cgroup`, text)
          return true
        case 'limits':
          for (const [, name = '', soft, hard] of text.matchAll(/^Max (.{1,25}?) {2,30}(\S+) +(\S+)/gm)) {
            add(`${prefix}.limit.${name.replaceAll(' ', '-')}`, `${soft} ${hard}`)
          }
          return true
        case 'status':
          for (const [, name = '', value = ''] of text.matchAll(
            /^(Cpus_allowed_list|Mems_allowed_list|Seccomp|Uid):\s+(.*)$/gm,
          )) {
            add(`${prefix}.${name.toLowerCase().replaceAll('_', '-')}`, value)
          }
          return true
        default:
          return false
      }
    },
    end,
  }
}

/** `max`, a number, or `cpu.max` as a share of CPUs, `QUOTA PERIOD`. */
function limit(text: string): number {
  const [first = '', period] = text.trim().split(' ')
  const value = first === 'max' || first === '-1' ? Number.POSITIVE_INFINITY : Number(first)
  return period === undefined ? value : value / Number(period)
}
