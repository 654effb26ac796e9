/** The script that runs a kubectl command. */

/** Its words are those of a shell; the namespace is a name that no shell reads anything else in. */
export const scriptOf = (namespace: string | undefined, command: string): string =>
  `kubectl ${namespace === undefined ? '' : `--namespace=${namespace} `}${command.trim()}`
