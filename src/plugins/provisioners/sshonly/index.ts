import { z } from 'zod'
import { UserError } from '../../../base/errors.ts'
import { isDestination } from '../../../node/ssh-destination.ts'
import { defineProvisioner } from '../../../plugin/define.ts'
import { provisionOn, resumeOn } from '../ssh-nodes.ts'

const NO_PASSWORDS =
  'passwords are not used, for lists of processes and files would show them: bring a key there with ssh-copy-id'

export default defineProvisioner({
  id: 'sshonly',
  summary: "one existing host, in Fallout's words (`SSHOnly`); `ssh` is the same for many",
  needs: [{ type: 'tool', name: 'ssh', package: 'openssh-client' }],
  properties: z.strictObject({
    host: z
      .string()
      .refine(isDestination, 'not the name of a host')
      .describe('host name, address, or alias of the ssh configuration'),
    port: z.int().min(1).max(65_535).default(22).describe('port of its sshd'),
    'user.name': z
      .string()
      .regex(/^[\w][\w.@-]*$/)
      .describe('user to log in as'),
    'user.password': z
      .string()
      .optional()
      .refine((password) => password === undefined, NO_PASSWORDS)
      .describe('refused: use a key, or an agent'),
    'artifact.location': z
      .string()
      .startsWith('/')
      .optional()
      .describe('where each run has a directory for its artifacts; /tmp if absent'),
  }),
  provision: async (context, { host, port, 'user.name': user, 'artifact.location': artifacts }) => {
    if (context.count > 1) {
      throw new UserError(
        `node group ${context.group} has ${context.count} nodes; SSHOnly is a single host`,
        {
          code: 'QUARRY_TOO_FEW_HOSTS',
          remedy: 'provisioner: {name: ssh, properties: {hosts: [...]}}',
        },
      )
    }
    const place = artifacts === undefined ? {} : { artifacts }
    return await provisionOn(context, [{ destination: { destination: host, port, user }, ...place }])
  },
  resume: resumeOn,
})
