/** What a node has to offer: `node-info` of every node, and whatever its managers put there. */

/** Figures of one provider on one node, such as `{ privateNetworkAddress: '198.18.0.2' }`. */
export type ProviderInfo = Readonly<Record<string, string>>

/** All providers of one node, by name. */
export type Providers = Readonly<Record<string, ProviderInfo>>
