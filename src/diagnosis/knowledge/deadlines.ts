/** Deadlines that a call carries in its own arguments. */

interface DeadlineRule {
  readonly calls: RegExp
  /** Deadline in ns, or undefined when the arguments do not say. */
  readonly deadline: (args: string) => { readonly ns: number; readonly why: string } | undefined
}

const number = (pattern: RegExp, text: string): number | undefined => {
  const found = pattern.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

const RULES: readonly DeadlineRule[] = [
  {
    // man 5 nfs: `timeo` is in tenths of a second; a request is retried `retrans` times, defaults 600 and 2 over TCP.
    calls: /^(mount|fsconfig|fsmount)$/,
    deadline: (args) => {
      const timeo = number(/\btimeo=(\d+)/, args)
      const retrans = number(/\bretrans=(\d+)/, args)
      if (timeo === undefined && retrans === undefined) return undefined
      const seconds = ((timeo ?? 600) / 10) * Math.max(1, retrans ?? 2)
      return {
        ns: seconds * 1e9,
        why: `timeo=${timeo ?? 600} and retrans=${retrans ?? 2} allow ${seconds} s`,
      }
    },
  },
]

/** How long a call may take by its own arguments. */
export function deadlineOf(
  call: string,
  args: string,
): { readonly ns: number; readonly why: string } | undefined {
  for (const rule of RULES) {
    const found = rule.calls.test(call) ? rule.deadline(args) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
