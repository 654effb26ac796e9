/** How to ask a running Cassandra: nodetool as the class that its own classpath has, with what its command line says. */
import { resolve } from 'node:path'
import type { FileView } from '../../../plugin/node.ts'

const CASSANDRA = /\borg\.apache\.cassandra\.service\.CassandraDaemon\b|\bcom\.datastax\.bdp\.DseModule\b/
const PORT = /^-D(?:cassandra\.jmx\.(?:local|remote)\.port|com\.sun\.management\.jmxremote\.port)=(\d{1,5})$/
const HOST = /^-D(?:java\.rmi\.server\.hostname|com\.sun\.management\.jmxremote\.host)=(.+)$/
/** What it may reach in the modules of Java, with the value in the same word or in the next one. */
const DOOR = /^--add-(?:exports|opens|modules|reads)(=|$)/
const CLASSPATH = /^(?:-cp|-classpath|--class-path)$/

/** One Cassandra, and where its JMX is. */
export interface Daemon {
  readonly pid: number
  readonly host: string
  readonly port: number
  /** Words of a command, to be followed by those of nodetool. */
  readonly nodetool: readonly string[]
}

/** The Cassandra that a process is, or `undefined`. What nodetool writes, it writes in `scratch`. */
export function daemonOf(
  files: FileView,
  pid: number,
  scratch: string,
  givenPort?: number,
): Daemon | undefined {
  const words = (files.text(`/proc/${pid}/cmdline`) ?? '').split('\0')
  if (!CASSANDRA.test(words.join(' '))) return undefined
  const host = firstOf(words, HOST) ?? '127.0.0.1'
  const port = givenPort ?? Number(firstOf(words, PORT) ?? 7199)
  const where = ['-h', host, '-p', String(port)]
  const classpath = classpathOf(files, pid, words)
  if (classpath === undefined) return { pid, host, port, nodetool: ['nodetool', ...where] }
  const java = files.link(`/proc/${pid}/exe`) ?? 'java'
  const doors = words.flatMap((word, at) => {
    const [, end] = DOOR.exec(word) ?? []
    if (end === undefined) return []
    return end === '=' ? [word] : [word, words[at + 1] ?? '']
  })
  const nodetool = [
    java,
    '-Xmx64m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-XX:-UsePerfData',
    // It keeps a history of what was asked in the home directory.
    `-Duser.home=${scratch}`,
    `-Djava.io.tmpdir=${scratch}`,
    // An installation has it in its conf directory, which is in the classpath.
    '-Dlogback.configurationFile=logback-tools.xml',
    ...doors,
    '-cp',
    classpath,
    'org.apache.cassandra.tools.NodeTool',
    ...where,
  ]
  return { pid, host, port, nodetool }
}

function firstOf(words: readonly string[], pattern: RegExp): string | undefined {
  return words.map((word) => pattern.exec(word)?.[1]).find((value) => value !== undefined)
}

/** That of the command line, or of the environment; relative parts are seen from where the process is. */
function classpathOf(files: FileView, pid: number, words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => CLASSPATH.test(word))
  const variable = (files.text(`/proc/${pid}/environ`) ?? '')
    .split('\0')
    .find((line) => line.startsWith('CLASSPATH='))
  const classpath =
    at < 0 ? (firstOf(words, /^--class-path=(.+)$/) ?? variable?.slice('CLASSPATH='.length)) : words[at + 1]
  const directory = files.link(`/proc/${pid}/cwd`)
  if (classpath === undefined || classpath === '' || directory === undefined) return undefined
  return classpath
    .split(':')
    .map((part) => resolve(directory, part))
    .join(':')
}
