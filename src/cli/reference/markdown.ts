/** Markdown for the reference. */

/** A table; cells may hold any text. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')

/** Text as code. */
export const code = (text: string): string => `\`${text}\``

/** Paragraphs, leaving out those that are not there. */
export const paragraphs = (parts: readonly (string | undefined)[]): string =>
  `${parts.filter((part) => part !== undefined && part !== '').join('\n\n')}\n`

/** A block of lines as they are. */
export const fence = (text: string): string => `\`\`\`\n${text}\n\`\`\``

/** A sentence out of a summary, which has no capital and no full stop. */
export const sentence = (summary: string): string => `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`
