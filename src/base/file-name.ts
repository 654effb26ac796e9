/** A name as part of the name of a file: every character but letters, digits, `_`, `.` and `-` becomes `_`. */
export const fileNameOf = (name: string): string => name.replaceAll(/[^\w.-]/g, '_')
