/** Traffic of interfaces, protocol counters, sockets, softnet and conntrack, as node_exporter's collectors of these names. */
import { z } from 'zod'
import { defineSampler } from '../../../plugin/define.ts'
import { counter, gauge } from '../declare.ts'
import { pattern } from '../../pattern.ts'
import { Interfaces, interfaceMetrics } from './interfaces.ts'
import { Protocols, defaultFields, protocolFields } from './protocols.ts'
import { SocketStatistics, socketGauges } from './sockets.ts'
import { Softnet, softnetCounters } from './softnet.ts'

const properties = z.strictObject({
  exclude: pattern.optional().describe('regular expression of the interfaces to leave out'),
  fields: pattern
    .default(defaultFields)
    .describe(
      'regular expression of the fields of /proc/net/{snmp,snmp6,netstat} to read, as `Tcp_RetransSegs`',
    ),
})

export default defineSampler({
  id: 'network',
  summary: 'Traffic and errors of interfaces; IP, TCP and UDP counters; sockets; conntrack',
  needs: [],
  properties,
  perNetwork: true,
  metrics: [
    ...interfaceMetrics,
    ...protocolFields.map((field) =>
      (/_(CurrEstab|Forwarding)$/.test(field) ? gauge : counter)(
        `node_netstat_${field}`,
        '',
        `${field.replace('_', ' ')} of /proc/net/{snmp,snmp6,netstat}`,
      ),
    ),
    ...socketGauges.map((name) =>
      gauge(`node_sockstat_${name}`, name.endsWith('_bytes') ? 'bytes' : '', `${name} of /proc/net/sockstat`),
    ),
    ...softnetCounters.map(([name, help]) => counter(name, '', help, ['cpu'])),
    gauge('node_nf_conntrack_entries', '', 'connections that the packet filter tracks'),
    gauge('node_nf_conntrack_entries_limit', '', 'most connections that it can track'),
  ],
  open: ({ sink }, { exclude, fields }) => {
    const parts = [
      new Interfaces(sink, exclude === undefined ? undefined : new RegExp(exclude)),
      new Protocols(sink, new RegExp(fields)),
      new SocketStatistics(sink),
      new Softnet(sink),
    ]
    return {
      sample: (files) => {
        for (const part of parts) part.sample(files)
      },
    }
  },
})
