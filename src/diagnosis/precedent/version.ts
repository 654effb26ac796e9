/** Versions such as kernel releases, compared by their numbers; what follows the numbers is a flavour. */

/** Negative when `a` is older than `b`. `5.4.0-azure-1095` and `5.4` compare as equal. */
export function compareVersions(a: string, b: string): number {
  const numbers = (text: string): number[] =>
    (/^\D*(\d+(?:\.\d+)*)/.exec(text)?.[1] ?? '0').split('.').map(Number)
  const [left, right] = [numbers(a), numbers(b)]
  for (let i = 0; i < right.length; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
