/**
 * The agent that reads small files on another machine: it ends with its input.
 *
 * A request is lines of words parted by tabs, and an empty line. An answer is a line with its length in bytes, and for
 * each item a line `length TAB request line` and that many bytes; a length of -1 stands for what cannot be read. In a
 * path a component `#` stands for every number: one item for each file that there is.
 *
 * `t PATH` is a file's text, `l` the names in a directory, each with a NUL behind it, `k` the target of a link, `c` the number
 * of entries, `s` what stat -f says, `p PATH OFFSET MOST` inode, size and bytes, `m PATH OFFSET LENGTH` memory, `n /` the
 * clock in ns.
 */

/** The longest file that is a small one. */
const MOST_BYTES = 64 << 20

/** For a machine with perl, which Debian always has. */
export const perlAgent = String.raw`
use strict; use Fcntl;
binmode STDIN; binmode STDOUT; $| = 1;
sub slurp { my ($path) = @_;
  sysopen(my $f, $path, O_RDONLY | O_NONBLOCK) or return;
  my $text = "";
  while (1) { my $n = sysread($f, $text, 65536, length $text); return unless defined $n; last if $n == 0 || length($text) >= ${MOST_BYTES} }
  return $text }
sub names { my ($path) = @_; opendir(my $d, $path) or return; my @all = grep { $_ ne "." && $_ ne ".." } readdir $d; return \@all }
sub every { my ($path) = @_;
  return $path unless $path =~ m{^(.*?)/#(/.*)?$}s;
  my ($head, $tail) = ($1, $2 // "");
  return map { every("$head/$_$tail") } grep { /^\d+$/ } @{ names($head) // [] } }
my %look = (
  t => \&slurp,
  l => sub { my $all = names($_[0]) or return; join "", map { "$_\0" } @$all },
  k => sub { readlink $_[0] },
  c => sub { my $all = names($_[0]) or return; scalar @$all },
  s => sub { open(my $f, "-|", "stat", "-f", "-c", "%S %b %f %a %c %d", "--", $_[0]) or return; local $/; my $text = <$f>; close $f or return; $text },
  p => sub { my ($path, $offset, $most) = @_;
    sysopen(my $f, $path, O_RDONLY | O_NONBLOCK) or return; my @stat = stat $f;
    my $bytes = ""; sysseek($f, $offset, 0); sysread($f, $bytes, $most); "$stat[1] $stat[7]\n$bytes" },
  m => sub { my ($path, $offset, $length) = @_;
    sysopen(my $f, $path, O_RDONLY) or return; sysseek($f, $offset, 0) or return;
    my $bytes = ""; my $n = sysread($f, $bytes, $length); defined $n && $n == $length ? $bytes : undef },
  n => sub { my $now = qx(date +%s%N); chomp $now; $now },
);
my @asked;
while (defined(my $line = <STDIN>)) {
  chomp $line;
  if ($line ne "") { push @asked, $line; next }
  my @answer;
  for my $request (@asked) {
    my ($what, $pattern, @rest) = split /\t/, $request;
    for my $path (every($pattern // "")) {
      my $bytes = $look{$what}->($path, @rest);
      push @answer, (defined $bytes ? length $bytes : -1), "\t", join("\t", $what, $path, @rest), "\n", $bytes // "";
    }
  }
  @asked = ();
  my $whole = join "", @answer;
  print length($whole), "\n", $whole;
}
`

/** For a machine without perl: slower, for it starts programs for each file. Keeps an answer in a file of its own. */
export const shellAgent = (file: string): string => String.raw`
umask 077
one='${file}.one' all='${file}.all'
trap 'rm -f "$one" "$all"' EXIT
tab=$(printf '\t')
look() {
  case $1 in
    t) head -c ${MOST_BYTES} <"$2" ;;
    l) [ -d "$2" ] && [ -r "$2" ] && ls -A "$2" | tr '\n' '\000' ;;
    k) readlink -n "$2" ;;
    c) [ -d "$2" ] && [ -r "$2" ] && ls -A "$2" | wc -l ;;
    s) stat -f -c '%S %b %f %a %c %d' -- "$2" ;;
    p) stat -L -c '%i %s' -- "$2" && tail -c "+$(($3 + 1))" "$2" | head -c "$4" ;;
    m) dd if="$2" bs=1 skip="$3" count="$4" ;;
    n) date +%s%N ;;
  esac >"$one" 2>/dev/null
}
item() {
  length=-1
  if look "$@"; then length=$(wc -c <"$one"); fi
  line=$1
  shift
  for word; do line="$line$tab$word"; done
  case $length in -1) printf '%s\n' "-1$tab$line" ;; *) printf '%s\n' "$((length))$tab$line"; cat "$one" ;; esac
}
every() {
  case $2 in
    */\#*)
      head=${'$'}{2%%/\#*}; tail=${'$'}{2#*/\#}
      for number in $(ls -A "$head" 2>/dev/null | grep -x '[0-9]*'); do
        (what=$1; path="$head/$number$tail"; shift 2; every "$what" "$path" "$@")
      done ;;
    *) item "$@" ;;
  esac
}
: >"$all"
while IFS= read -r request; do
  if [ -n "$request" ]; then
    (IFS=$tab; set -f; set -- $request; set +f; unset IFS; every "$@") >>"$all"
    continue
  fi
  printf '%s\n' "$(($(wc -c <"$all")))"; cat "$all"
  : >"$all"
done
`
