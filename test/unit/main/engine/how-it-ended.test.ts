import { describe, expect, it } from 'vitest'
import { howItEnded, howUtilityEnded } from '../../../../src/main/engine/how-it-ended'

describe('how an engine ended', () => {
  it('names the signal in what waitpid gave, with and without a core', () => {
    expect(howUtilityEnded(5, 'linux')).toBe(
      "was killed by SIGTRAP (Chromium's allocator does this when memory runs out)"
    )
    expect(howUtilityEnded(133, 'linux')).toContain('SIGTRAP')
    expect(howUtilityEnded(139, 'darwin')).toBe('was killed by SIGSEGV (an error in native code)')
    expect(howUtilityEnded(1, 'linux')).toBe('ended with exit code 1')
  })

  it('says what codes of Windows mean', () => {
    expect(howUtilityEnded(0xe0000008, 'win32')).toBe('ended with exit code 3758096392 (memory ran out)')
    expect(howItEnded(0xc0000005, null)).toContain('access violation')
  })
})
