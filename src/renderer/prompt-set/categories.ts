/** Returns the categories of the prompts in the order of their first use. */
export const categoriesOf = (prompts: readonly { category: string }[]): string[] => [
  ...new Set(prompts.map((prompt) => prompt.category))
]
