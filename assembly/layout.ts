/** Numbers of four bytes in a vector. */
export const LANES: i32 = 4;

/** Bytes of `count` numbers of four bytes; negative counts wrap around, as pointers do. */
@inline
export function floats(count: i32): usize {
  return <usize>(count << 2);
}
