import { resolve } from 'node:path'
import { homedir } from 'node:os'
import { z } from 'zod'
import { isDestination } from '../../../node/ssh-destination.ts'
import { defineProvisioner } from '../../../plugin/define.ts'
import { checkCount, freeHosts, provisionOn, resumeOn, type SshHost } from '../ssh-nodes.ts'

const destination = z
  .string()
  .refine(
    isDestination,
    'not a destination: user@host, ssh://user@host:port or an alias of the ssh configuration',
  )

const host = z.strictObject({
  host: destination.describe(
    'as ssh takes it: `user@host`, `ssh://user@host:port`, or an alias of the configuration',
  ),
  port: z.int().min(1).max(65_535).optional().describe('port of its sshd'),
  user: z
    .string()
    .regex(/^[\w][\w.@-]*$/)
    .optional()
    .describe('user to log in as'),
  identity: z
    .string()
    .min(1)
    .optional()
    .describe('file of a private key; the agent and the usual files if absent'),
  address: z
    .string()
    .min(1)
    .optional()
    .describe('what other nodes reach it by; the address that ssh connects to if absent'),
  labels: z.record(z.string(), z.string()).default({}).describe('what `select` goes by'),
})

const properties = z.strictObject({
  hosts: z
    .array(z.union([destination, host]))
    .min(1)
    .describe('destinations as ssh takes them, or maps; the first free ones are used'),
  select: z.record(z.string(), z.string()).default({}).describe('only hosts that have all these labels'),
  config: z.string().min(1).optional().describe('ssh configuration file; the one of the user if absent'),
  strict_host_key_checking: z
    .enum(['yes', 'no', 'accept-new'])
    .optional()
    .describe('whether unknown host keys are refused; as configured if absent'),
})
type Properties = z.infer<typeof properties>

export default defineProvisioner({
  id: 'ssh',
  summary: 'existing hosts, reached by ssh with the configuration, agent and keys of the user',
  needs: [{ type: 'tool', name: 'ssh', package: 'openssh-client' }],
  properties,
  provision: async (context, given) => {
    const selected = hostsOf(given)
    const hosts = freeHosts(context, selected)
    checkCount(context, hosts, selected.length)
    return await provisionOn(context, hosts)
  },
  resume: resumeOn,
})

function hostsOf({ hosts, select, config, strict_host_key_checking: strict }: Properties): SshHost[] {
  const wanted = Object.entries(select)
  return hosts
    .map((one) => (typeof one === 'string' ? host.parse({ host: one }) : one))
    .filter(({ labels }) =>
      wanted.every(([name, value]) => new Map(Object.entries(labels)).get(name) === value),
    )
    .map(({ host: to, port, user, identity, address }: z.infer<typeof host>) => ({
      destination: {
        destination: to,
        ...(port === undefined ? {} : { port }),
        ...(user === undefined ? {} : { user }),
        ...(identity === undefined ? {} : { identity: pathOf(identity) }),
        ...(config === undefined ? {} : { config: pathOf(config) }),
        ...(strict === undefined ? {} : { strictHostKeyChecking: strict }),
      },
      ...(address === undefined ? {} : { address }),
    }))
}

const pathOf = (path: string): string => resolve(path.replace(/^~(?=\/)/, homedir()))
