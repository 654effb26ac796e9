/** Requests, bytes and times of block devices, and space of file systems, as node_exporter's diskstats and filesystem. */
import { z } from 'zod'
import { defineSampler } from '../../../plugin/define.ts'
import { counter, gauge } from '../declare.ts'
import { pattern } from '../../pattern.ts'
import { BlockDevices, columns } from './devices.ts'
import { FileSystems, defaultMountPointsExclude, defaultTypesExclude } from './file-systems.ts'

/** node_exporter's: RAM disks, loop devices, floppies and partitions. */
const defaultDeviceExclude = String.raw`^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$`
const mountLabels = ['device', 'mountpoint', 'fstype']

const properties = z.strictObject({
  exclude: pattern
    .default(defaultDeviceExclude)
    .describe('regular expression of the block devices to leave out'),
  include: pattern
    .optional()
    .describe('regular expression of the block devices to read, in place of `exclude`'),
  fileSystemTypesExclude: pattern
    .default(defaultTypesExclude)
    .describe('regular expression of the file system types to leave out; those of a network belong to it'),
  mountPointsExclude: pattern
    .default(defaultMountPointsExclude)
    .describe('regular expression of the mount points to leave out'),
})

export default defineSampler({
  id: 'disk',
  summary: 'Requests, bytes, times and queues of block devices; space and inodes of file systems',
  needs: [],
  properties,
  metrics: [
    ...columns.map(({ name, type, unit, help }) =>
      (type === 'gauge' ? gauge : counter)(name, unit, help, ['device']),
    ),
    gauge('node_filesystem_size_bytes', 'bytes', 'size of the file system', mountLabels),
    gauge('node_filesystem_free_bytes', 'bytes', 'free space', mountLabels),
    gauge('node_filesystem_avail_bytes', 'bytes', 'free space that all users may take', mountLabels),
    gauge('node_filesystem_files', '', 'inodes', mountLabels),
    gauge('node_filesystem_files_free', '', 'free inodes', mountLabels),
    gauge('node_filesystem_readonly', '', '1 when mounted read-only', mountLabels),
    gauge('node_filesystem_device_error', '', '1 when the file system cannot be asked', mountLabels),
  ],
  open: ({ sink }, { exclude, include, fileSystemTypesExclude, mountPointsExclude }) => {
    const devices = new BlockDevices(sink, {
      exclude: include === undefined ? new RegExp(exclude) : undefined,
      include: include === undefined ? undefined : new RegExp(include),
    })
    const fileSystems = new FileSystems(
      sink,
      new RegExp(fileSystemTypesExclude),
      new RegExp(mountPointsExclude),
    )
    return {
      sample: (files) => {
        devices.sample(files)
        fileSystems.sample(files)
      },
    }
  },
})
