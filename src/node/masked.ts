/** A node whose every word goes through a mask, so that no secret that a program prints is written down. */
import type { Node } from '../plugin/node.ts'

export interface Mask {
  mask(text: string): string
  maskStream(output: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
}

/** The same node, with the output of its commands and the text of its small files masked; file contents are as they are. */
export function maskedNode(node: Node, hide: Mask): Node {
  const masked = <R extends { readonly stdout: string; readonly stderr: string }>(result: R): R => ({
    ...result,
    stdout: hide.mask(result.stdout),
    stderr: hide.mask(result.stderr),
  })
  const files = override(node.files, {
    text: (path) => {
      const text = node.files.text(path)
      return text === undefined ? undefined : hide.mask(text)
    },
  })
  return override(node, {
    run: async (command, options) => masked(await node.run(command, options)),
    spawn: async (command, options) => {
      const running = await node.spawn(command, options)
      return {
        pid: running.pid,
        stdout: hide.maskStream(running.stdout),
        stderr: hide.maskStream(running.stderr),
        done: running.done.then(masked),
        interrupt: () => running.interrupt(),
        stop: () => running.stop(),
        // Not a proxy: V8 13.6 finds no method to dispose of one.
        [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
      }
    },
    files,
  })
}

/** What `overrides` does not have is the target's, whose methods keep their `this`. */
function override<T extends object>(target: T, overrides: Partial<T>): T {
  return new Proxy(target, {
    get: (_, key) => {
      if (Object.hasOwn(overrides, key)) return Reflect.get(overrides, key) as unknown
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
