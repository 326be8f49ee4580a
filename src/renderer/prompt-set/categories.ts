/** The categories of the prompts in the order they first appear. */
export const categoriesOf = (prompts: readonly { category: string }[]): string[] => [
  ...new Set(prompts.map((prompt) => prompt.category))
]
