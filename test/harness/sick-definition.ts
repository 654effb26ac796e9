/** A definition with a symptom that shows at once: what the tests of captures and failures have in common. */

export interface SickOptions {
  /** YAML of the ladder: `default`, or a list. */
  readonly ladder?: string
  /** More modules of the one phase, in YAML. */
  readonly modules?: readonly string[]
  /** More of `evidence`. */
  readonly evidence?: string
  /** PromQL; a probe called `sick` takes 50 ms. */
  readonly when?: string
  /** More of the symptom. */
  readonly symptom?: string
  readonly wait?: string
}

/** The YAML text. */
export function sickDefinition(options: SickOptions = {}): string {
  const {
    ladder = '[threads]',
    modules = [],
    evidence = 'reference: none',
    when = 'probe_duration_seconds{probe="sick"} > 0.03',
    symptom = '',
    wait = '60s',
  } = options
  return `
workload:
  phases:
    - wait: {module: sleep, properties: {duration: ${wait}}}
${modules.map((module) => `      ${module}\n`).join('')}
observe:
  every: 200ms
  samplers: [cpu, memory]
  probes:
    sick: {command: "sleep 0.05", every: 300ms, timeout: 5s}
symptoms:
  sickness: {when: '${when}', then: [capture, stop]${symptom}}
evidence:
  window: 1s
  ladder: ${ladder}
  ${evidence}
`
}
