import { type EmbeddingTokenizer, readEmbeddingTokenizer } from '../../evaluation/embedding-tokenizer'
import type { EmbeddingTokensRequest } from '../messages'

export class EmbeddingTokenizers {
  private cached: { key: string; tokensOf: EmbeddingTokenizer } | null = null

  async get({ folder, files }: EmbeddingTokensRequest): Promise<EmbeddingTokenizer> {
    const key = JSON.stringify([folder, files])
    if (this.cached?.key === key) return this.cached.tokensOf
    this.cached = null
    const tokensOf = await readEmbeddingTokenizer(folder)
    this.cached = { key, tokensOf }
    return tokensOf
  }
}
