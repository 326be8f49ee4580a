import { type EmbeddingTokenizer, readEmbeddingTokenizer } from '../../evaluation/embedding-tokenizer'
import type { EmbeddingTokensRequest } from '../messages'

/** The tokenizer of the sentence-embedding model that is used. */
export class EmbeddingTokenizers {
  private kept: { key: string; tokensOf: EmbeddingTokenizer } | null = null

  /** @throws WorkbenchError as `readEmbeddingTokenizer` */
  async of({ folder, files }: EmbeddingTokensRequest): Promise<EmbeddingTokenizer> {
    const key = JSON.stringify([folder, files])
    if (this.kept?.key === key) return this.kept.tokensOf
    this.kept = null
    const tokensOf = await readEmbeddingTokenizer(folder)
    this.kept = { key, tokensOf }
    return tokensOf
  }
}
