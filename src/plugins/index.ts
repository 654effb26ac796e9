/** Every component that there is. A new one is one folder and one line here, sorted by kind and id. */
import type { Component } from '../plugin/define.ts'

export const components: readonly Component[] = []
