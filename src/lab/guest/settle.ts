/** What a guest that has just come up is told: who it is, and what it is connected to. */
import { EnvironmentError } from '../../base/errors.ts'
import type { Node } from '../../plugin/node.ts'

export interface GuestCard {
  readonly hardwareAddress: string
  /** Such as `198.18.5.2/24`. */
  readonly address: string
}

export interface GuestDisk {
  readonly name: string
  readonly format: string
  /** Nothing is done with a disk that is mounted nowhere. */
  readonly mount?: string
}

export interface Identity {
  readonly hostname: string
  /** In the order in which the machine has them. */
  readonly cards: readonly GuestCard[]
  readonly disks: readonly GuestDisk[]
}

// Cards are told apart by their order on the bus, for a guest that goes on from a snapshot has the addresses of that. What
// the shell does itself costs nothing; each program takes some 15 ms under TCG.
const SCRIPT = `
set -e
hostname=$1 links=$2 disks=$3
echo "$hostname" >/proc/sys/kernel/hostname
echo "$hostname" >/etc/hostname
[ -z "$links" ] || [ -d /sys/bus/virtio/drivers/virtio_net ] || modprobe -q virtio_net 2>/dev/null || :
bus=0 commands=
while read -r mac address; do
  [ -n "$mac" ] || continue
  device=
  while [ -z "$device" ] && [ $bus -lt 256 ]; do
    for card in /sys/bus/virtio/drivers/virtio_net/virtio$bus/net/*; do
      [ ! -e "$card" ] || device=\${card##*/}
    done
    bus=$((bus + 1))
  done
  [ -n "$device" ] || { echo "there is no network card for $address" >&2; exit 1; }
  commands="$commands
link set dev $device address $mac
address add $address brd + dev $device
link set dev $device up"
done <<EOF
$links
EOF
[ -z "$commands" ] || ip -batch - <<EOF
$commands
EOF
printf '%s\\n' "$disks" | while read -r serial format mount; do
  [ -n "$serial" ] || continue
  device=
  for one in /sys/block/*/serial; do
    [ "$(cat "$one")" != "$serial" ] || { device=\${one%/serial}; device=/dev/\${device##*/}; }
  done
  [ -n "$device" ] || { echo "there is no disk $serial" >&2; exit 1; }
  case $format in
    ext2 | ext4) mkfs.$format -q -F -E nodiscard,lazy_itable_init=0 "$device" ;;
    *) mkfs.$format -q -f "$device" ;;
  esac
  mkdir -p "$mount"
  mount "$device" "$mount"
done
`

/** Rejects with an EnvironmentError that says what could not be done. */
export async function settle(node: Node, { hostname, cards, disks }: Identity): Promise<void> {
  const links = cards.map(({ hardwareAddress, address }) => `${hardwareAddress} ${address}`)
  const mounts = disks.flatMap(({ name, format, mount }) =>
    mount === undefined ? [] : [`${name} ${format} ${mount}`],
  )
  const { ok, stderr } = await node.run([
    'sh',
    '-c',
    SCRIPT,
    'sh',
    hostname,
    links.join('\n'),
    mounts.join('\n'),
  ])
  if (ok) return
  throw new EnvironmentError(`cannot set up the guest ${node.name}: ${stderr.trim().slice(-500)}`, {
    code: 'QUARRY_GUEST_SETUP',
  })
}
