/** Every component that there is, by kind; collectors in the order in which the ladder takes them within a tier. */
import type { Component } from '../plugin/define.ts'
import count from './checkers/count/index.ts'
import duration from './checkers/duration/index.ts'
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
import noopManager from './managers/noop/index.ts'
import remoteFiles from './managers/remote_files/index.ts'
import bash from './modules/bash/index.ts'
import etcdLoad from './modules/etcd-load/index.ts'
import fio from './modules/fio/index.ts'
import httpLoad from './modules/http-load/index.ts'
import noop from './modules/noop/index.ts'
import partition from './modules/partition/index.ts'
import redisLoad from './modules/redis-load/index.ts'
import runlevel from './modules/runlevel/index.ts'
import slowLink from './modules/slow-link/index.ts'
import sleep from './modules/sleep/index.ts'
import sqlLoad from './modules/sql-load/index.ts'
import stress from './modules/stress/index.ts'
import text from './modules/text/index.ts'
import local from './provisioners/local/index.ts'
import netns from './provisioners/netns/index.ts'
import cpu from './samplers/cpu/index.ts'
import disk from './samplers/disk/index.ts'
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
  count,
  duration,
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
  strace,
  sigstop,
  gdb,
  dropCaches,
  changeCommand,
  commandManager,
  noopManager,
  remoteFiles,
  bash,
  etcdLoad,
  fio,
  httpLoad,
  noop,
  partition,
  redisLoad,
  runlevel,
  sleep,
  sqlLoad,
  stress,
  text,
  slowLink,
  local,
  netns,
  cpu,
  disk,
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
