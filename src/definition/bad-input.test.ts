/** What people get to read when a definition is wrong: whole lists, as a terminal shows them. */
import { expect, test } from 'vitest'
import { problemsOf } from '../../test/harness/definition.ts'

const workload = 'workload: {phases: [{a: {module: noop}}]}\n'

test('wrong types of every section', () => {
  expect(
    problemsOf(`description: [a]
ensemble: 3
workload: [x]
observe: y
symptoms: [z]
evidence: 1
schedule: {}
timeout: 5
`),
  ).toMatchInlineSnapshot(`
    "d.yaml:1:14: \`description\` must be a text that is not blank, not a list
    d.yaml:2:11: the ensemble must be a map of \`key: value\` lines, not the number 3
    d.yaml:3:11: the workload must be a map of \`key: value\` lines, not a list
    d.yaml:4:10: \`observe\` must be a map of \`key: value\` lines, not a string
    d.yaml:5:11: \`symptoms\` must be a map of \`key: value\` lines, not a list
    d.yaml:6:11: \`evidence\` must be a map of \`key: value\` lines, not the number 1
    d.yaml:7:11: \`schedule\` must be a text that is not blank, not an empty map
    d.yaml:8:10: \`timeout\` must be a duration, not \`5\`; with a unit: \`5s\`?"
  `)
})

test('what a manager needs may come of a component that is not known', () => {
  expect(
    problemsOf(`ensemble:
  server: {node.count: 1, provisioner: gke, configuration_manager: kubernetes_logs}
  client: {node.count: 1, provisioner: local, configuration_manager: kubernetes_logs}
${workload}`),
  ).toMatchInlineSnapshot(`
    "d.yaml:2:40: there is no provisioner called \`gke\`; expected one of existing_kubernetes, kind, local, netns, ssh, sshonly, vm
    d.yaml:3:70: configuration manager \`kubernetes_logs\` of node group \`client\` needs \`kube\`, which neither the provisioner nor another manager of the group provides"
  `)
})

test('ensembles', () => {
  expect(
    problemsOf(`ensemble:
  server: {node.count: 0, provisioner: locl, nodecount: 3, runlevel: CREATED}
  client: sever
  Observer: {name: my group, provisoner: local, node.count: two}
  controller: [x]
  sevrers: {}
  servers:
    - {node.count: 1, provisioner: local}
    - {name: /../x, node.count: 1, provisioner: local}
    - {name: server, node.count: 1025, provisioner: {nam: local, properties: {zone: x}}}
    - text
  clients: []
${workload}`),
  ).toMatchInlineSnapshot(`
    "d.yaml:2:24: node.count of node group \`server\` must be a whole number from 1 to 1024, not \`0\`
    d.yaml:2:40: there is no provisioner called \`locl\`; did you mean \`local\`?
    d.yaml:2:46: node group \`server\` has no key \`nodecount\`; did you mean \`node.count\`?
    d.yaml:3:11: \`client\` is a link to \`sever\`, and no group above it is called that; expected one of local, observer, controller
    d.yaml:4:20: name of a node group must be one word, not \`my group\`; such as \`my-group\`
    d.yaml:4:30: node group \`observer\` has no key \`provisoner\`; did you mean \`provisioner\`?
    d.yaml:4:61: node.count of node group \`observer\` must be a whole number from 1 to 1024, not \`two\`
    d.yaml:5:15: node group \`controller\` must be a map or the name of another group, not a list
    d.yaml:6:3: the ensemble has no key \`sevrers\`; did you mean \`servers\`?
    d.yaml:8:7: a group among the servers needs a \`name\`
    d.yaml:9:14: name of a node group must be at most 100 letters, digits, \`_\`, \`.\` and \`-\`, and begin with a letter, a digit or \`_\`, not \`/../x\`
    d.yaml:9:14: two node groups are called \`server\`; give one of them another \`name\`
    d.yaml:10:14: two node groups are called \`server\`; give one of them another \`name\`
    d.yaml:10:34: node.count of node group \`server\` must be a whole number from 1 to 1024, not \`1025\`
    d.yaml:10:54: provisioner of node group \`server\` has no key \`nam\`; did you mean \`name\`?
    d.yaml:11:7: a group among the servers must be a map, not a string
    d.yaml:12:12: \`clients\` has no groups"
  `)
})

test('configuration managers', () => {
  expect(
    problemsOf(`ensemble:
  server: {node.count: 1, provisioner: local, configuration_manager: nop}
  client: {node.count: 1, provisioner: local, configuration_manager: [noop, {name: helm, properties: {}}, {}]}
  observer: {node.count: 1, provisioner: local, configuration_manager: []}
${workload}`),
  ).toMatchInlineSnapshot(`
    "d.yaml:2:70: there is no configuration manager called \`nop\`; did you mean \`noop\`?
    d.yaml:3:84: configuration manager \`helm\` needs the property \`helm.install.type\`; where the chart is: a repository of charts, or of git
    d.yaml:3:84: configuration manager \`helm\` needs the property \`helm.install.name\`; name of the release
    d.yaml:3:107: configuration_manager of node group \`client\` needs \`name\`
    d.yaml:4:72: configuration_manager of node group \`observer\` must not be an empty list"
  `)
})

test('modules whose files would be the same', () => {
  expect(
    problemsOf(
      'workload: {phases: [{a/b: {module: noop}}, {c: [{a_b: {module: noop}, a-b: {module: noop}}]}]}\n',
    ),
  ).toMatchInlineSnapshot(
    `"d.yaml:1:50: modules \`a/b\` and \`a_b\` would write the same files, called \`a_b\`; give one of them another name"`,
  )
})

test('workloads', () => {
  expect(
    problemsOf(`workload:
  phases:
    - x
    - {}
    - a b: {module: noop}
      c: noop
      d: {modul: noop}
      e: {module: nop}
      f: {module: bash}
      g: {module: bash, properties: {scrpt: x, lifetime: fase}}
      h: {module: bash, properties: [x]}
      i: {module: bash, properties: {script: x, target: srver, env: {A: [1]}, timeout: 3}, timeout: 0}
      j: []
      k: [{l: {module: noop}}, {l: {module: noop}}]
      m: {module: sleep, properties: {duration: 3}}
      n: {module: noop, properties: {lifetime: once}, propertys: {}}
      o:
  checkers:
    a: {checker: nofial}
    b: {checker: duration}
    c: {checker: duration, properties: {duration.max: 10 parsecs, duration.mn: 3s}}
    d: nofail
  artifact_checkers:
    x: {artifact_checker: y}
  checkrs: {}
`),
  ).toMatchInlineSnapshot(`
    "d.yaml:3:7: a phase of \`phases\` must be a map of \`key: value\` lines, not a string
    d.yaml:4:7: a phase of \`phases\` has no steps
    d.yaml:5:7: name of a step must be one word, not \`a b\`; such as \`a-b\`
    d.yaml:6:10: step \`c\` must be a map with a \`module\`, or a list of phases, not a string
    d.yaml:7:11: step \`d\` has no key \`modul\`; did you mean \`module\`?
    d.yaml:8:19: there is no module called \`nop\`; did you mean \`noop\`?
    d.yaml:9:7: module \`bash\` needs the property \`script\`; what bash runs, with \`-o pipefail\`, or the interpreter of its \`#!\` line; a status other than 0 is a failure
    d.yaml:10:38: module \`bash\` has no property \`scrpt\`; did you mean \`script\`?
    d.yaml:10:58: lifetime must be once or phase, not \`fase\`; expected one of once, phase, run_once, run_to_end_of_phase
    d.yaml:11:7: properties of module \`bash\`: expected a map, not a list
    d.yaml:12:57: \`target\` of module \`bash\`: there is no node group called \`srver\`; did you mean \`server\`?
    d.yaml:12:73: \`env.A\` of module \`bash\`: expected a string, not a list
    d.yaml:12:88: \`timeout\` of module \`bash\`: not a duration: 3; such as 500ms, 30s, 2m, 4h
    d.yaml:12:101: timeout of step \`i\` must be longer than 0
    d.yaml:13:10: \`j\` must have at least one phase
    d.yaml:14:33: two modules are called \`l\`; names of modules are unique in a workload
    d.yaml:15:49: \`duration\` of module \`sleep\`: not a duration: 3; such as 500ms, 30s, 2m, 4h
    d.yaml:16:38: module \`noop\` takes no lifetime: it is always run_once
    d.yaml:16:55: step \`n\` has no key \`propertys\`; did you mean \`properties\`?
    d.yaml:17:9: step \`o\` must be a map with a \`module\`, or a list of phases, not nothing
    d.yaml:19:18: there is no checker called \`nofial\`; did you mean \`nofail\`?
    d.yaml:20:5: properties of checker \`duration\`: needs duration.max or duration.min
    d.yaml:21:55: \`duration.max\` of checker \`duration\`: not a duration: 10 parsecs; such as 500ms, 30s, 2m, 4h
    d.yaml:21:67: checker \`duration\` has no property \`duration.mn\`; did you mean \`duration.min\`?
    d.yaml:22:8: checker \`d\` must be a map of \`key: value\` lines, not a string
    d.yaml:24:27: there is no artifact checker called \`y\`; expected one of csvchecker, hdr_split_to_csv, hdrtool, regex, smartlogs, stable_metrics_threshold, tool
    d.yaml:25:3: the workload has no key \`checkrs\`; did you mean \`checkers\`?"
  `)
})

test('samplers and probes', () => {
  expect(
    problemsOf(`${workload}observe:
  every: 1
  samplers: [cpu, memroy, {cpu: {a: 1}, slab: {}}, [], {disk: 3}]
  probes:
    a: ./x
    b: {}
    c: {comand: ./x, group: server}
    d: {command: ./x, http: "http://127.0.0.1/", every: 0, timeout: soon, group: clinet}
    e: {command: {}}
    f: {command: [a, b]}
    g h: {command: {command: x, cwd: y}}
`),
  ).toMatchInlineSnapshot(`
    "d.yaml:3:10: \`every\` of \`observe\` must be a duration, not \`1\`; with a unit: \`1s\`?
    d.yaml:4:19: there is no sampler called \`memroy\`; did you mean \`memory\`?
    d.yaml:4:41: expected one sampler and its properties here; begin each with a dash of its own
    d.yaml:4:52: name of a sampler must be a text that is not blank, not an empty list
    d.yaml:4:57: properties of sampler \`disk\`: expected a map, not the number 3
    d.yaml:6:8: probe \`a\` must be a map of \`key: value\` lines, not a string
    d.yaml:7:5: probe \`b\` does not say what it tries; expected one of command, http, log, snmp, tcp, udp, unix
    d.yaml:8:9: probe \`c\` has no key \`comand\`; did you mean \`command\`?
    d.yaml:9:23: probe \`d\` is \`command\` already; a probe tries one thing
    d.yaml:9:57: \`every\` of probe \`d\` must be longer than 0
    d.yaml:9:69: \`timeout\` of probe \`d\` must be a duration, not \`soon\`; such as \`500ms\`, \`30s\`, \`2m\` or \`4h\`
    d.yaml:9:82: group of probe \`d\`: there is no node group called \`clinet\`; did you mean \`client\`?
    d.yaml:10:9: probe \`command\` needs the property \`command\`; command line for bash, with \`pipefail\`; exit status 0 is success
    d.yaml:11:18: \`command\` of probe \`command\`: expected a string, not a list
    d.yaml:12:5: name of a probe must be one word, not \`g h\`; such as \`g-h\`
    d.yaml:12:33: probe \`command\` has no property \`cwd\`; expected one of command, values"
  `)
})

test('symptoms', () => {
  expect(
    problemsOf(`${workload}observe:
  samplers: [cpu, slab]
  probes: {watch-add: {command: ./x}}
symptoms:
  a: {wen: up == 0}
  b: {when: [x], for: ten, then: go, expected: 1, source: localhost:9090}
  c: {when: 'probe_success{probe="watch-ad"} == 0', then: [continue, stop]}
  d: {when: 'node_memory_MemFree_bytes < 1', then: []}
  e:
    when: >
      node_slab_objects{slab="dentry"}
        > sum(rate(probe_success[5m))
  f: {when: "avg_over_tim(up[1m]) == 0"}
  g: {when: "nosuchmetric > 1"}
  h: {when: "nosuchmetric > 1", source: "http://127.0.0.1:9090"}
`),
  ).toMatchInlineSnapshot(`
    "d.yaml:6:7: symptom \`a\` has no key \`wen\`; did you mean \`when\`?
    d.yaml:7:13: \`when\` of symptom \`b\` must be a text that is not blank, not a list
    d.yaml:7:23: \`for\` of symptom \`b\` must be a duration, not \`ten\`; such as \`500ms\`, \`30s\`, \`2m\` or \`4h\`
    d.yaml:7:34: \`then\` of symptom \`b\` must be one of capture, stop, continue, hold, not \`go\`
    d.yaml:7:48: \`expected\` of symptom \`b\` must be true or false, not the number 1
    d.yaml:7:59: \`source\` of symptom \`b\` must be the URL of a Prometheus server, not \`localhost:9090\`; such as \`http://127.0.0.1:9090\`
    d.yaml:8:35: there is no probe called \`watch-ad\`; did you mean \`watch-add\`?
    d.yaml:8:59: \`then\` of symptom \`c\` cannot be continue and stop at once
    d.yaml:9:14: no sampler in use gives the metric \`node_memory_MemFree_bytes\`; sampler \`memory\` gives it: add it to \`observe.samplers\`
    d.yaml:9:52: \`then\` of symptom \`d\` is empty; expected capture, stop, continue, hold
    d.yaml:13:36: PromQL: expected \`]\`, found \`)\`
    d.yaml:14:14: PromQL: there is no function avg_over_tim; did you mean avg_over_time?
    d.yaml:15:14: no sampler in use gives the metric \`nosuchmetric\`; samplers in use: cpu, slab"
  `)
})

test('evidence', () => {
  expect(
    problemsOf(`${workload}evidence:
  reference: {from: peer, afer: 3s}
  ladder: [thread, {drop-caches: {level: 9}}]
  allow: everything
  window: 0
  rungTimeout: -1
  targets: [0, "(", {}, java]
  windw: 3s
`),
  ).toMatchInlineSnapshot(`
    "d.yaml:3:21: \`reference\` must be one of healthy-window, peers, passing-runs, none, not \`peer\`; did you mean \`peers\`?
    d.yaml:3:27: \`reference\` has no key \`afer\`; did you mean \`after\`?
    d.yaml:4:12: there is no collector called \`thread\`; did you mean \`threads\`?
    d.yaml:4:42: \`level\` of collector \`drop-caches\`: expected 1 or 2 or 3, not \`9\`
    d.yaml:5:10: \`allow\` must be one of read, sample, trace, stop, change, not \`everything\`
    d.yaml:6:11: \`window\` must be longer than 0
    d.yaml:7:16: \`rungTimeout\` must be a duration, not \`-1\`; such as \`500ms\`, \`30s\`, \`2m\` or \`4h\`
    d.yaml:8:16: \`(\` is no regular expression; it is matched against command lines
    d.yaml:8:21: a target must be a process id or a regular expression, not an empty map
    d.yaml:9:3: \`evidence\` has no key \`windw\`; did you mean \`window\`?"
  `)
})

test('names that checkers refer to', () => {
  expect(
    problemsOf(`workload:
  phases: [{load: {module: noop}}, {left: [{read: {module: noop}}]}]
  checkers:
    a: {checker: nofail, properties: {processes: "load, raed"}}
    b: {checker: duration, properties: {duration.max: 3s, phases: left}}
    c: {checker: no-symptom, properties: {names: [slow, drak]}}
    d: {checker: no-symptom, properties: {names: dark}}
symptoms: {slow: {when: "probe_success == 0"}, dark: {}}
`),
  ).toMatchInlineSnapshot(`
    "d.yaml:4:50: \`processes\` of checker \`nofail\`: there is no module called \`raed\`; did you mean \`read\`?
    d.yaml:5:67: \`phases\` of checker \`duration\`: there is no module called \`left\`; expected one of load, read
    d.yaml:6:57: \`names\` of checker \`no-symptom\`: there is no symptom called \`drak\`; did you mean \`dark\`?
    d.yaml:7:50: \`names\` of checker \`no-symptom\`: expected a list, not a string
    d.yaml:8:48: symptom \`dark\` needs \`when\`; a PromQL condition, such as \`probe_success{probe="x"} == 0\`"
  `)
})

test('a hunt whose runs can never show the behaviour', () => {
  const workload = 'workload:\n  phases: [{load: {module: noop}}]\n'
  const symptoms = 'symptoms: {dark: {when: "probe_success == 0"}}\n'
  expect(problemsOf(`${workload}${symptoms}hunt: {ask: reproduce, symptom: drak}\n`)).toMatchInlineSnapshot(
    `"d.yaml:4:33: \`symptom\` of \`hunt\`: there is no symptom called \`drak\`; did you mean \`dark\`?"`,
  )
  expect(problemsOf(`${workload}hunt: {ask: reproduce}\n`)).toMatchInlineSnapshot(
    `"d.yaml:3:7: no run of the hunt can show the behaviour: the definition has neither \`symptoms\` nor \`checkers\`; add one; a step that fails is found by \`checkers: {no-failure: {checker: nofail}}\` in the \`workload\`"`,
  )
  const unjudged = `${workload}hunt: {ask: rate, quantity: SELECT 1}\n`
  expect(problemsOf(unjudged)).toContain('no run of the hunt can show')
  const two = 'symptoms: {a: {when: "probe_success == 0"}, b: {when: "probe_success == 0"}}\n'
  expect(problemsOf(`${workload}${two}hunt: {ask: rate, symptom: "a,b"}\n`)).toContain('is one symptom')
  const wrong = `${workload}  checkers: {a: {checker: nofial}}\nhunt: {ask: rate}\n`
  expect(problemsOf(wrong)).not.toContain('no run of the hunt')
  const judged = [
    `${workload}hunt: {ask: reproduce, symptom: machine-died}\n`,
    `${workload}${symptoms}hunt: {ask: reproduce}\n`,
    `${workload}  checkers: {no-failure: {checker: nofail}}\nhunt: {ask: reproduce}\n`,
    `ensemble: {server: {node.count: 1, provisioner: vm}}\n${workload}hunt: {ask: reproduce}\n`,
    `${workload}hunt: {ask: compare, factors: {x: [1, 2]}, quantity: SELECT 1}\n`,
  ]
  for (const definition of judged) expect(problemsOf(definition), definition).toBe('')
})

test('a property that is missing is not one of the wrong type', () => {
  expect(
    problemsOf(`ensemble: {server: {node.count: 1, provisioner: netns}, client: server}
workload:
  phases:
    - far: {module: slow-link, properties: {delay: 10ms}}
`),
  ).toMatchInlineSnapshot(
    `"d.yaml:4:7: module \`slow-link\` needs the property \`nodes\`; nodes whose links are slow: \`server\`, \`server:0\` or a list"`,
  )
})
