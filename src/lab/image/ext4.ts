/** ext4 files of directories, made by mke2fs(8): neither a loop device nor a mount is needed. */

/**
 * Shell commands that make the file, world-readable and no larger than it must be, of a directory's content. Every file
 * takes whole blocks and every inode 256 bytes; the rest is for directories, extents and bitmaps.
 */
export const ext4Script = (tree: string, file: string): string => `
blocks=$(du -s --block-size=4096 "${tree}" | cut -f 1)
inodes=$(du -s --inodes "${tree}" | cut -f 1)
mke2fs -q -F -t ext4 -b 4096 -I 256 -m 0 -N $((inodes + 256)) -O ^has_journal,^resize_inode \\
  -E lazy_itable_init=0,root_owner=0:0 -d "${tree}" "${file}" $((blocks + blocks / 32 + inodes / 16 + 2048)) >&2
chmod 0644 "${file}"
`
