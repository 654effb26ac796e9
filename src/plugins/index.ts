/** Every component that there is. A new one is one folder and one line here, sorted by kind and id. */
import type { Component } from '../plugin/define.ts'
import duration from './checkers/duration/index.ts'
import noSymptom from './checkers/no-symptom/index.ts'
import nofail from './checkers/nofail/index.ts'
import bpfCallLatency from './collectors/bpf-call-latency/index.ts'
import bpfFailedCalls from './collectors/bpf-failed-calls/index.ts'
import changeCommand from './collectors/change-command/index.ts'
import dropCaches from './collectors/drop-caches/index.ts'
import files from './collectors/files/index.ts'
import sigstop from './collectors/sigstop/index.ts'
import sockets from './collectors/sockets/index.ts'
import threads from './collectors/threads/index.ts'
import bash from './modules/bash/index.ts'
import noop from './modules/noop/index.ts'
import sleep from './modules/sleep/index.ts'

export const components: readonly Component[] = [
  duration,
  noSymptom,
  nofail,
  bpfCallLatency,
  bpfFailedCalls,
  changeCommand,
  dropCaches,
  files,
  sigstop,
  sockets,
  threads,
  bash,
  noop,
  sleep,
]
