/**
 * The relay: opens connections where it is started, for somebody who speaks to it through a pipe. It ends with its input.
 *
 * Frames in both directions: id of the connection, type, length of the payload (32, 8 and 32 bits, big endian), payload.
 * To it come OPEN (`unix LF path`, or `tcp LF host LF port`, or udp), DATA (a datagram each for udp), END (no more will be
 * sent), CLOSE. From it come CONNECTED, DATA, END, and FAILED with the number of a system error, or the name of one of
 * name resolution; after that nothing more comes of the connection.
 */
export const OPEN = 1
export const DATA = 2
export const END = 3
export const CLOSE = 4
export const CONNECTED = 5
export const FAILED = 6

/** Bytes before the payload. */
export const HEADER = 9

/** For a machine with perl, which Debian always has; by its name the evidence knows who only observes. */
export const relayScript = String.raw`
use strict; use Fcntl; use Errno qw(EAGAIN EINTR EINPROGRESS ENAMETOOLONG);
use Socket qw(:DEFAULT :addrinfo SOCK_STREAM SOCK_DGRAM SO_ERROR);
binmode STDIN; binmode STDOUT; $SIG{PIPE} = "IGNORE";
# Not by $0, which is written over the environment, and with it over the mark of the run.
if (open(my $comm, ">", "/proc/self/comm")) { syswrite($comm, "quarry") }
my (%socket, %others, %unsent, %ending, %ended);
sub answer { my ($id, $type, $payload) = @_;
  my $frame = pack("NCN/a*", $id, $type, $payload // "");
  while (length $frame) {
    my $n = syswrite(STDOUT, $frame);
    if (defined $n) { substr($frame, 0, $n) = "" } else { exit unless $!{EAGAIN} || $!{EINTR} } } }
sub forget { my ($id) = @_;
  close $socket{$id} if $socket{$id};
  delete $_->{$id} for \(%socket, %others, %unsent, %ending, %ended) }
sub failed { my ($id, $error) = @_; answer($id, ${FAILED}, $error); forget($id) }
# Tries the addresses that are left, the first first; others of a connection that stands is undefined.
sub try_next { my ($id, $error) = @_;
  while (my $to = shift @{ $others{$id} // [] }) {
    close $socket{$id} if $socket{$id};
    delete $socket{$id};
    my $s;
    if (!socket($s, $to->{family}, $to->{socktype}, 0)) { $error = 0 + $!; next }
    fcntl($s, F_SETFL, O_RDWR | O_NONBLOCK);
    $socket{$id} = $s;
    return connected($id) if connect($s, $to->{addr});
    return if $!{EINPROGRESS};
    $error = 0 + $!;
  }
  failed($id, $error) }
sub connected { my ($id) = @_; delete $others{$id}; answer($id, ${CONNECTED}); pour($id) }
sub begin { my ($id, $protocol, @to) = @_;
  $unsent{$id} = [];
  if ($protocol eq "unix") {
    return failed($id, 0 + ENAMETOOLONG) if length $to[0] > 107;
    $others{$id} = [{ family => AF_UNIX, socktype => SOCK_STREAM, addr => pack_sockaddr_un($to[0]) }];
  } else {
    my $socktype = $protocol eq "udp" ? SOCK_DGRAM : SOCK_STREAM;
    my ($error, @found) = getaddrinfo($to[0], $to[1], { socktype => $socktype });
    return failed($id, $error == EAI_AGAIN ? "EAI_AGAIN" : "ENOTFOUND") if $error;
    $others{$id} = \@found;
  }
  try_next($id, "ENOTFOUND") }
sub pour { my ($id) = @_;
  while (@{ $unsent{$id} }) {
    my $n = syswrite($socket{$id}, $unsent{$id}[0]);
    if (!defined $n) { return if $!{EAGAIN} || $!{EINTR}; return failed($id, 0 + $!) }
    substr($unsent{$id}[0], 0, $n) = "";
    shift @{ $unsent{$id} } unless length $unsent{$id}[0];
  }
  shutdown($socket{$id}, 1) if delete $ending{$id} }
sub obey { my ($id, $type, $payload) = @_;
  if ($type == ${OPEN}) { my ($protocol, $to) = split /\n/, $payload, 2; begin($id, $protocol, $protocol eq "unix" ? $to : split /\n/, $to) }
  elsif (!$socket{$id}) { return }
  elsif ($type == ${CLOSE}) { forget($id) }
  else {
    if ($type == ${DATA}) { push @{ $unsent{$id} }, $payload } else { $ending{$id} = 1 }
    pour($id) unless $others{$id};
  } }
sub serve { my ($id, $readable, $writable) = @_;
  my $fd = fileno $socket{$id};
  if ($others{$id}) {
    return unless vec($writable, $fd, 1);
    my $error = unpack("i", getsockopt($socket{$id}, SOL_SOCKET, SO_ERROR));
    return $error ? try_next($id, $error) : connected($id);
  }
  pour($id) if vec($writable, $fd, 1);
  return unless $socket{$id} && vec($readable, $fd, 1);
  my $n = sysread($socket{$id}, my $bytes, 65536);
  if (!defined $n) { failed($id, 0 + $!) unless $!{EAGAIN} || $!{EINTR} }
  elsif ($n || unpack("i", getsockopt($socket{$id}, SOL_SOCKET, SO_TYPE)) == SOCK_DGRAM) { answer($id, ${DATA}, $bytes) }
  else { $ended{$id} = 1; answer($id, ${END}) } }
my $input = "";
while (1) {
  my ($read, $write) = ("", "");
  vec($read, 0, 1) = 1;
  for my $id (keys %socket) {
    my $fd = fileno $socket{$id};
    vec($write, $fd, 1) = 1 if $others{$id} || @{ $unsent{$id} };
    vec($read, $fd, 1) = 1 unless $others{$id} || $ended{$id};
  }
  next if select($read, $write, undef, undef) < 0;
  # Before new orders: what select said is about the sockets of before.
  for my $id (keys %socket) { serve($id, $read, $write) }
  next unless vec($read, 0, 1);
  my $n = sysread(STDIN, $input, 65536, length $input);
  next if !defined $n && ($!{EAGAIN} || $!{EINTR});
  last unless $n;
  while (length $input >= ${HEADER}) {
    my ($id, $type, $length) = unpack("NCN", $input);
    last if length $input < ${HEADER} + $length;
    obey($id, $type, substr($input, ${HEADER}, $length));
    substr($input, 0, ${HEADER} + $length) = "";
  }
}
`
