/** Every component that there is, by kind; collectors in the order in which the ladder takes them within a tier. */
import type { Component } from '../plugin/define.ts'
import csvchecker from './artifact-checkers/csvchecker/index.ts'
import hdrSplitToCsv from './artifact-checkers/hdr_split_to_csv/index.ts'
import hdrtool from './artifact-checkers/hdrtool/index.ts'
import regexArtifactChecker from './artifact-checkers/regex/index.ts'
import smartlogs from './artifact-checkers/smartlogs/index.ts'
import stableMetricsThreshold from './artifact-checkers/stable_metrics_threshold/index.ts'
import tool from './artifact-checkers/tool/index.ts'
import count from './checkers/count/index.ts'
import duration from './checkers/duration/index.ts'
import linearizability from './checkers/linearizability/index.ts'
import noSymptom from './checkers/no-symptom/index.ts'
import nofail from './checkers/nofail/index.ts'
import regexChecker from './checkers/regex/index.ts'
import runlevelChecker from './checkers/runlevel/index.ts'
import sqlChecker from './checkers/sql/index.ts'
import bpfBlockIo from './collectors/bpf-block-io/index.ts'
import bpfCallLatency from './collectors/bpf-call-latency/index.ts'
import bpfFailedCalls from './collectors/bpf-failed-calls/index.ts'
import bpfTimers from './collectors/bpf-timers/index.ts'
import bpfWakeups from './collectors/bpf-wakeups/index.ts'
import changeCommand from './collectors/change-command/index.ts'
import consoleCollector from './collectors/console/index.ts'
import guestMemory from './collectors/guest-memory/index.ts'
import machine from './collectors/machine/index.ts'
import sysrq from './collectors/sysrq/index.ts'
import dropCaches from './collectors/drop-caches/index.ts'
import facts from './collectors/facts/index.ts'
import files from './collectors/files/index.ts'
import ftrace from './collectors/ftrace/index.ts'
import gdb from './collectors/gdb/index.ts'
import jstack from './collectors/jstack/index.ts'
import kernelLog from './collectors/kernel-log/index.ts'
import mounts from './collectors/mounts/index.ts'
import perfOffCpu from './collectors/perf-off-cpu/index.ts'
import perfOnCpu from './collectors/perf-on-cpu/index.ts'
import sigstop from './collectors/sigstop/index.ts'
import slab from './collectors/slab/index.ts'
import sockets from './collectors/sockets/index.ts'
import strace from './collectors/strace/index.ts'
import tcpdump from './collectors/tcpdump/index.ts'
import threads from './collectors/threads/index.ts'
import timers from './collectors/timers/index.ts'
import tpstats from './collectors/tpstats/index.ts'
import commandManager from './managers/command/index.ts'
import helmManager from './managers/helm/index.ts'
import kubernetesLogs from './managers/kubernetes_logs/index.ts'
import kubernetesManifestManager from './managers/kubernetes_manifest/index.ts'
import metricsCollection from './managers/metrics_collection/index.ts'
import noopManager from './managers/noop/index.ts'
import remoteFiles from './managers/remote_files/index.ts'
import bash from './modules/bash/index.ts'
import clockSkew from './modules/clock-skew/index.ts'
import diskFull from './modules/disk-full/index.ts'
import ioLimit from './modules/io-limit/index.ts'
import kill from './modules/kill/index.ts'
import memoryPressure from './modules/memory-pressure/index.ts'
import helmModule from './modules/helm/index.ts'
import kubectl from './modules/kubectl/index.ts'
import kubernetesJob from './modules/kubernetes_job/index.ts'
import kubernetesManifestModule from './modules/kubernetes_manifest/index.ts'
import noop from './modules/noop/index.ts'
import partition from './modules/partition/index.ts'
import pause from './modules/pause/index.ts'
import etcdLoad from './modules/etcd-load/index.ts'
import fio from './modules/fio/index.ts'
import httpLoad from './modules/http-load/index.ts'
import redisLoad from './modules/redis-load/index.ts'
import runlevel from './modules/runlevel/index.ts'
import slowLink from './modules/slow-link/index.ts'
import sleep from './modules/sleep/index.ts'
import sqlLoad from './modules/sql-load/index.ts'
import stress from './modules/stress/index.ts'
import text from './modules/text/index.ts'
import existingKubernetes from './provisioners/existing_kubernetes/index.ts'
import kind from './provisioners/kind/index.ts'
import local from './provisioners/local/index.ts'
import netns from './provisioners/netns/index.ts'
import ssh from './provisioners/ssh/index.ts'
import sshonly from './provisioners/sshonly/index.ts'
import vm from './provisioners/vm/index.ts'
import cpu from './samplers/cpu/index.ts'
import disk from './samplers/disk/index.ts'
import kernelReports from './samplers/kernel-reports/index.ts'
import memory from './samplers/memory/index.ts'
import network from './samplers/network/index.ts'
import pressure from './samplers/pressure/index.ts'
import processes from './samplers/processes/index.ts'
import prometheus from './samplers/prometheus/index.ts'
import scrape from './samplers/scrape/index.ts'
import slabSampler from './samplers/slab/index.ts'
import command from './probes/command/index.ts'
import http from './probes/http/index.ts'
import log from './probes/log/index.ts'
import snmp from './probes/snmp/index.ts'
import tcp from './probes/tcp/index.ts'
import udp from './probes/udp/index.ts'
import unix from './probes/unix/index.ts'

export const components: readonly Component[] = [
  csvchecker,
  hdrSplitToCsv,
  hdrtool,
  regexArtifactChecker,
  smartlogs,
  stableMetricsThreshold,
  tool,
  count,
  duration,
  linearizability,
  noSymptom,
  nofail,
  regexChecker,
  runlevelChecker,
  sqlChecker,
  threads,
  files,
  sockets,
  timers,
  slab,
  mounts,
  kernelLog,
  facts,
  consoleCollector,
  machine,
  perfOnCpu,
  perfOffCpu,
  jstack,
  tpstats,
  bpfFailedCalls,
  bpfCallLatency,
  bpfWakeups,
  bpfTimers,
  bpfBlockIo,
  ftrace,
  tcpdump,
  sysrq,
  strace,
  sigstop,
  guestMemory,
  gdb,
  dropCaches,
  changeCommand,
  commandManager,
  helmManager,
  kubernetesLogs,
  kubernetesManifestManager,
  metricsCollection,
  noopManager,
  remoteFiles,
  bash,
  clockSkew,
  diskFull,
  ioLimit,
  kill,
  memoryPressure,
  helmModule,
  kubectl,
  kubernetesJob,
  kubernetesManifestModule,
  noop,
  partition,
  pause,
  etcdLoad,
  fio,
  httpLoad,
  redisLoad,
  runlevel,
  sleep,
  sqlLoad,
  stress,
  text,
  slowLink,
  existingKubernetes,
  kind,
  local,
  netns,
  ssh,
  sshonly,
  vm,
  cpu,
  disk,
  kernelReports,
  memory,
  network,
  pressure,
  processes,
  prometheus,
  scrape,
  slabSampler,
  command,
  http,
  log,
  snmp,
  tcp,
  udp,
  unix,
]
