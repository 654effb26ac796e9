/** What the tests and examples of Quarry need beyond its components: peers to compare with, and systems to be sick. */
import type { Need } from '../plugin/need.ts'

const tool = (name: string, debianPackage: string): Need => ({ type: 'tool', name, package: debianPackage })

export const testNeeds: readonly { readonly id: string; readonly needs: readonly Need[] }[] = [
  {
    id: 'fixture programs',
    needs: [
      tool('gcc', 'gcc'),
      { type: 'file', path: '/usr/include/stdio.h', remedy: 'apt-get install -y libc6-dev' },
    ],
  },
  {
    id: 'Java virtual machines',
    needs: [
      tool('javac', 'default-jdk-headless'),
      tool('jstack', 'default-jdk-headless'),
      tool('mvn', 'maven'),
    ],
  },
  {
    id: 'clusters under test',
    needs: [
      tool('etcd', 'etcd-server'),
      tool('etcdctl', 'etcd-client'),
      tool('redis-server', 'redis-server'),
      tool('redis-sentinel', 'redis-sentinel'),
      tool('/usr/lib/postgresql/15/bin/postgres', 'postgresql-15'),
      tool('/usr/share/zookeeper/bin/zkServer.sh', 'zookeeper'),
      tool('curl', 'curl'),
      tool('nc', 'netcat-openbsd'),
      tool('nft', 'nftables'),
      tool('python3', 'python3'),
    ],
  },
  { id: 'hosts that ssh reaches', needs: [tool('ssh', 'openssh-client'), tool('sshd', 'openssh-server')] },
  {
    id: 'faults of processes and disks',
    needs: [
      tool('faketime', 'faketime'),
      tool('python3', 'python3'),
      tool('mkfs.ext4', 'e2fsprogs'),
      tool('losetup', 'mount'),
    ],
  },
  {
    id: 'guests',
    needs: [
      tool('qemu-system-x86_64', 'qemu-system-x86'),
      tool('mmdebstrap', 'mmdebstrap'),
      tool('mke2fs', 'e2fsprogs'),
      tool('debugfs', 'e2fsprogs'),
      tool('depmod', 'kmod'),
      tool('zstd', 'zstd'),
      tool('cpio', 'cpio'),
    ],
  },
  { id: 'agents of SNMP', needs: [tool('/usr/sbin/snmpd', 'snmpd')] },
  { id: 'peers of loads', needs: [tool('wrk', 'wrk')] },
  { id: 'pages in a browser', needs: [tool('chromium', 'chromium')] },
  { id: 'answers of Prometheus', needs: [tool('prometheus', 'prometheus')] },
  { id: 'metrics of node_exporter', needs: [tool('prometheus-node-exporter', 'prometheus-node-exporter')] },
]
