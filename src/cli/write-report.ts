/** Where a report goes that was asked for with `--output`. */
import { writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasCode, messageOf, UserError } from '../base/errors.ts'

/** Throws a UserError when the file cannot be written. */
export async function writeReport(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (error) {
    const isMissing = hasCode(error, 'ENOENT')
    const folder = dirname(file)
    const why = isMissing ? `there is no folder ${folder}` : messageOf(error)
    const remedy = isMissing ? `mkdir -p ${folder}` : 'give -o a file that can be written'
    throw new UserError(`cannot write ${file}: ${why}`, { remedy, cause: error })
  }
}
