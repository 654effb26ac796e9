/** Values as text, the way Java's `toString` writes them, because Fallout's templates render so. */
import type { ScalarTree, Tree } from './tree.ts'

/** Text of a value in a template: nothing for null, `[a, b]` for a list, `{k=v}` for a map. */
export function renderValue(tree: Tree): string {
  return tree.type === 'scalar' && tree.value === null ? '' : toJavaText(tree)
}

function toJavaText(tree: Tree): string {
  switch (tree.type) {
    case 'list':
      return `[${tree.items.map(toJavaText).join(', ')}]`
    case 'map':
      return `{${[...tree.entries.values()].map(({ key, value }) => `${key}=${toJavaText(value)}`).join(', ')}}`
    case 'scalar':
      return typeof tree.value === 'number' && isWrittenAsDouble(tree)
        ? doubleText(tree.value, tree.text)
        : String(tree.value)
  }
}

/** YAML 1.1 makes a double of whatever has a point or an exponent, and of .inf and .nan. */
const isWrittenAsDouble = ({ text, value }: ScalarTree): boolean =>
  !Number.isInteger(value) || (/[.e]/i.test(text) && !/^[-+]?0x/i.test(text))

/**
 * `Double.toString`: plain from 1e-3 to 1e7, else with an exponent. Within the plain range a number keeps the zeros it
 * was written with, so that version `6.10` does not turn into `6.1`; Fallout drops them.
 */
function doubleText(value: number, written: string): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  const magnitude = Math.abs(value)
  if (magnitude === 0 || (magnitude >= 1e-3 && magnitude < 1e7)) {
    if (/^-?\d+\.\d+$/.test(written)) return written
    return Number.isInteger(value) ? `${Object.is(value, -0) ? '-0' : value}.0` : String(value)
  }
  const [mantissa = '', exponent = ''] = value.toExponential().split('e')
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`
}
