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
  { id: 'pages in a browser', needs: [tool('chromium', 'chromium')] },
  { id: 'answers of Prometheus', needs: [tool('prometheus', 'prometheus')] },
  { id: 'metrics of node_exporter', needs: [tool('prometheus-node-exporter', 'prometheus-node-exporter')] },
]
