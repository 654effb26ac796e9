/** Renders commands, which are data, through commander: only the one that was typed is loaded. */
import { Argument, Command, Option } from 'commander'
import { quarryVersion } from '../engine/version.ts'
import { flagOf, type AnyCommand, type Values } from './command.ts'
import { commands, type CommandEntry, type CommandGroup } from './commands.ts'

/** What was typed. */
export interface Invocation {
  readonly command: AnyCommand
  readonly values: Values<Record<never, never>, Record<never, never>>
}

export const exitCodeHelp = `Exit codes:
  0   pass: judged, and nothing wrong; or the command did what it should
  1   fail: the symptom showed, or a checker said no
  2   unknown: could not be judged, for a tool, a privilege or data is missing, or it was aborted
  64  wrong usage or definition
  70  a defect of Quarry itself

Progress goes to standard error, the result to standard output; --json prints one object.`

/** A commander program over all verbs, the one in `words` with its arguments and options. */
export async function buildProgram(
  words: readonly string[],
  invoke: (invocation: Invocation) => void,
): Promise<Command> {
  const program = new Command('quarry')
    .description('Turns an intermittent symptom of a distributed system into a root cause.')
    .version(quarryVersion, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help; after a command, its help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('Type `quarry --help` for the list of commands.')
    .addHelpText('after', `\n${exitCodeHelp}`)
    .exitOverride()
  await addCommands(
    program,
    commands,
    words.filter((word) => !word.startsWith('-')),
    invoke,
  )
  return program
}

/** All commands below `parent`; the one that `words` begin with is loaded, and those of the group that they begin with. */
async function addCommands(
  parent: Command,
  entries: Readonly<Record<string, CommandEntry | CommandGroup>>,
  words: readonly string[],
  invoke: (invocation: Invocation) => void,
): Promise<void> {
  // `quarry help run` wants `run`, with the word after it.
  const [word, ...rest] = words[0] === 'help' ? words.slice(1) : words
  for (const [name, entry] of Object.entries(entries)) {
    const sub = parent.command(name).description(entry.summary)
    sub.copyInheritedSettings(parent)
    if (word !== name) continue
    if ('load' in entry) {
      declare(sub, pathOf(sub), (await entry.load()).command, invoke)
    } else {
      sub.showHelpAfterError(`Type \`quarry ${name} --help\` for the list of its commands.`)
      await addCommands(sub.usage('[options] <command>'), entry.commands, rest, invoke)
    }
  }
}

/** `kernel build`. */
const pathOf = (command: Command): string =>
  command.parent === null || command.parent.parent === null
    ? command.name()
    : `${pathOf(command.parent)} ${command.name()}`

function declare(
  sub: Command,
  name: string,
  command: AnyCommand,
  invoke: (invocation: Invocation) => void,
): void {
  for (const [key, spec] of Object.entries(command.arguments)) {
    const word = spec.many === true ? `${key}...` : key
    sub.addArgument(new Argument(spec.optional === true ? `[${word}]` : `<${word}>`, spec.summary))
  }
  for (const [key, spec] of Object.entries(command.options)) {
    const short = spec.short === undefined ? '' : `-${spec.short}, `
    const value = spec.value === undefined ? '' : ` <${spec.value}>`
    const option = new Option(`${short}${flagOf(key)}${value}`, spec.summary)
    if (spec.many === true) {
      option.default([], 'none').argParser((word: string, before: readonly string[]) => [...before, word])
    }
    sub.addOption(option)
  }
  sub.option('--json', 'print one JSON object on standard output')
  sub.showHelpAfterError(`Type \`quarry ${name} --help\` for its arguments and options.`)
  sub.addHelpText(
    'after',
    `${command.details === undefined ? '' : `\n${command.details}\n`}\n${exitCodeHelp}`,
  )
  sub.action(() => {
    const words = Object.keys(command.arguments).map((key, index) => [key, sub.processedArgs[index]])
    const flags = Object.entries(command.options).filter(([, spec]) => spec.value === undefined)
    const unset = flags.map(([key]) => [key, false])
    invoke({ command, values: { ...Object.fromEntries([...words, ...unset]), ...sub.opts() } })
  })
}
