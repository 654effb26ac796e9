/** Writes its arguments into the file `no-op-was-here`. */
import { writeFile } from 'node:fs/promises'

await writeFile('no-op-was-here', process.argv.slice(2).join(' '))
