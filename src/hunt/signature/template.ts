/**
 * A message without what varies from one occurrence to the next: two messages that one place in the code has written have
 * one template.
 *
 * Masks as in Drain's preprocessing (He et al., Drain: An Online Log Parsing Approach with Fixed Depth Tree, ICWS 2017) and in
 * the titles of syzkaller and Sentry. There is no tree of earlier messages behind them: a template depends on its message
 * alone, so that it is the same in every run and on every machine. What words no mask knows vary (names of users, say) is
 * left to the grouping, to which a template that comes by chance says nothing.
 *
 * Messages are hostile: only their first `LONGEST` characters are read, and no mask can look back over more than one word, so
 * that time is linear in the length.
 */

/** UTF-16 units of a message that are looked at, and of a template. */
const LONGEST = 1000
const LONGEST_TEMPLATE = 240

/** A number or an id; a value in quotes; a part of a path that is made up anew each time. */
const NUMBER = '#'
const ANY = '*'

const ESCAPES = /\u001B\[[0-9;?]{0,20}[A-Za-z]/g
const UNPRINTABLE = /[\s\u0000-\u001F\u007F-\u009F\u2028\u2029\uFEFF]+/g

const MONTHS = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec'
const CLOCK = String.raw`\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:\s?[AP]M\b)?`
const ZONE = String.raw`(?:Z\b|\s?[+-]\d\d:?\d\d\b|\s(?:UTC|GMT)\b)?`
const TIMES: readonly RegExp[] = [
  // ISO 8601, also with blanks and slashes; 21/Nov/2026:11:45:03; Sat Nov 21 11:45:03 2026; the time alone.
  new RegExp(String.raw`\b\d{4}[-/.]\d\d[-/.]\d\d(?:[T_ ,]{1,2}${CLOCK}${ZONE})?`, 'g'),
  new RegExp(String.raw`\b\d{1,2}[-/ ](?:${MONTHS})[-/ ]\d{4}[: ]${CLOCK}${ZONE}`, 'g'),
  new RegExp(
    String.raw`\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s)?(?:${MONTHS})\s{1,2}\d{1,2},?\s(?:\d{4}\s)?${CLOCK}${ZONE}(?:\s\d{4}\b)?`,
    'g',
  ),
  new RegExp(String.raw`\b${CLOCK}${ZONE}(?![\w:])`, 'g'),
]

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi
/** MAC addresses, and IPv6 addresses: at least two colons, and nothing but hexadecimal digits between them. */
const COLONS = /(?<![\w:.])(?=[0-9a-f]{0,4}:[0-9a-f:]{0,40}:)[0-9a-f:]{3,40}(?:%\w{1,15})?(?![\w:])/gi
const NOTHING = /\((?:nil|null)\)/g
const IPV4 = /\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:\/\d{1,2}|:\d{1,5})?\b/g

/** A single quote counts only outside of a word: `can't` has none. */
const QUOTED: readonly RegExp[] = [/"[^"]*"/g, /`[^`]*`/g, /(?<![\w'])'[^']*'(?!\w)/g]

/** The first component below a directory of temporary files has a name that is made up anew each time. */
const TEMPORARY = /(\/(?:var\/)?tmp|\/dev\/shm|\/run\/user)\/[^/\s"'`,;:)]+/g

/** Words with digits that name one thing for good. */
const FIXED =
  /^(?:ext[234]|utf-?(?:8|16)|ipv[46]|tcp[46]|udp6|icmp6|x(?:86(?:_64)?|64)|amd64|arm64|aarch64|i[36]86|sha(?:1|2|256|512)|md5|crc32c?|base64|http[123]|h2c?|oauth2|nfs(?:v?[34])?|smb[123]|lz4|bzip2|log4j2?|slf4j|i18n|k8s|s3|ec2|e2e|p2p|[iu](?:8|16|32|64)|u?int(?:8|16|32|64)(?:_t)?|float(?:32|64)|sqlite3|python[23]|neo4j|x509|l[23])$/i

/** Letters, digits and underscores that hang together, if there is a digit among them; a number may have a sign and a fraction. */
const WORD =
  /(?<![\w.])[+-]?\d+(?:[.,]\d+)*(?:e[+-]?\d+)?(?:\s?%|[a-zµ]{0,5}(?:\/s)?)(?!\w)|\w*\d\w*|(?<!\w)[0-9a-f]{8,}(?!\w)/gi

const REPEATED = new RegExp(String.raw`${NUMBER}(?:[\s,;:.+x/-]{0,3}${NUMBER})+`, 'g')

/** The template of one line of text; the empty text where nothing but varying parts was in it. */
export function templateOf(message: string): string {
  const line = message.slice(0, LONGEST).replace(ESCAPES, '').replace(UNPRINTABLE, ' ')
  const template = masked(line).trim().slice(0, LONGEST_TEMPLATE).trim()
  return /[a-z]{2}/i.test(template) ? template : ''
}

function masked(line: string): string {
  let text = line
  for (const time of TIMES) text = text.replace(time, NUMBER)
  text = text.replace(UUID, NUMBER).replace(NOTHING, NUMBER).replace(IPV4, NUMBER).replace(COLONS, NUMBER)
  text = text.replace(TEMPORARY, `$1/${ANY}`)
  for (const quoted of QUOTED) text = text.replace(quoted, (value) => value.charAt(0) + ANY + value.charAt(0))
  return text.replace(WORD, maskedWord).replace(REPEATED, NUMBER)
}

/** `worker-12` and `eth0` keep their name, an id of letters and digits keeps nothing. */
function maskedWord(word: string): string {
  if (FIXED.test(word)) return word
  const parts = word.split('_')
  if (parts.length > 1) return parts.map((part) => (/\d/.test(part) ? maskedWord(part) : part)).join('_')
  if (/^[a-z]+\d+$/i.test(word) && !/^[0-9a-f]{8,}$/i.test(word)) return word.replace(/\d+$/, NUMBER)
  return NUMBER
}
