/** What the letters of the kernel's block events mean. */

/** `RWBS` letters (blk_fill_rwbs in the kernel) as read, write, discard, flush or other; a flush may stand before it. */
export function operationOf(rwbs: string): string {
  const [first = ''] = rwbs.replace(/^F(?=[RWDE])/, '')
  if (first === 'R') return 'read'
  if (first === 'W') return 'write'
  if (first === 'D' || first === 'E') return 'discard'
  if (first === 'F') return 'flush'
  return 'other'
}
