/** A file by what is in it or by where it comes from, as `local_files` and `remote_files` have it. */
export type FileSpec = { readonly path: string } & (
  | { readonly type: 'data'; readonly data: string }
  | { readonly type: 'base64'; readonly data: string }
  | { readonly type: 'yaml' | 'json'; readonly value: unknown }
  | { readonly type: 'url'; readonly url: string }
  | { readonly type: 'git'; readonly repo: string; readonly branch?: string }
  | { readonly type: 'command'; readonly command: string }
)
