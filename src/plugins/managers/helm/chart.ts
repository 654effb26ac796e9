/** Getting hold of a chart. */
import { join } from 'node:path'
import { UserError } from '../../../base/errors.ts'
import type { ManagerContext } from '../../../plugin/manager.ts'
import { fileSpec, makeFile } from '../../../plugin/file-spec.ts'
import { helmHome } from '../../kubernetes/helm.ts'
import { tell, type Kube } from '../../kubernetes/kubectl.ts'
import type { Properties } from './index.ts'

/** What to install: a path, or a name that helm knows. */
export async function bringChart(kube: Kube, context: ManagerContext, given: Properties): Promise<string> {
  return given['helm.install.type'] === 'git'
    ? fromGit(kube, context, given)
    : fromRepository(kube, context, given)
}

async function fromGit(kube: Kube, context: ManagerContext, given: Properties): Promise<string> {
  const { 'git.repository': repo, 'git.branch': branch, 'git.chart.location': location = '' } = given
  const path = `charts-${given['helm.install.name']}`
  const spec = fileSpec.safeParse({ path, git: { repo, branch } })
  if (!spec.success) throw new UserError(spec.error.issues.map(({ message }) => message).join('; '))
  return join(await makeFile(spec.data, kube.node.scratch, context.signal), location)
}

async function fromRepository(kube: Kube, context: ManagerContext, given: Properties): Promise<string> {
  const { 'helm.repo.name': name, 'helm.repo.url': url, 'helm.chart.name': chart = '' } = given
  if (name === undefined || url === undefined) return chart
  const { 'helm.repo.username': user, 'helm.repo.password': password } = given
  const access = user === undefined ? [] : [`--username=${user}`]
  const secret = password === undefined ? [] : ['--password-stdin']
  const add = ['helm', 'repo', 'add', name, url, ...access, ...secret]
  await tell(kube, context, add, {
    env: helmHome(kube.node),
    ...(password === undefined ? {} : { input: password }),
  })
  return chart.startsWith(`${name}/`) ? chart : `${name}/${chart}`
}
