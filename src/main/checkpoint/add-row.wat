;; Functions of a row for product-adder.ts, which adds LoRA products to weights. Rows and ends are byte addresses.
(module
  (import "adder" "memory" (memory 1))
  ;; Adds scale · left · right to values: left [rank], right [rank, rowBytes / 4]. rowBytes is a multiple of 64.
  ;; Products are added rank by rank. relaxed_madd rounds once if the processor can, which the caller must check.
  ;; Sixteen columns are computed at once.
  (func (export "addRow")
    (param $left i32) (param $right i32) (param $values i32) (param $rowBytes i32) (param $rank i32) (param $scale f32)
    (local $end i32) (local $k i32) (local $l i32) (local $r i32) (local $w v128) (local $s v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $right) (local.get $rowBytes)))
    (local.set $s (f32x4.splat (local.get $scale)))
    (loop $columns
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $b (v128.const f32x4 0 0 0 0))
      (local.set $c (v128.const f32x4 0 0 0 0))
      (local.set $d (v128.const f32x4 0 0 0 0))
      (local.set $k (local.get $rank))
      (local.set $l (local.get $left))
      (local.set $r (local.get $right))
      (loop $ranks
        (local.set $w (v128.load32_splat (local.get $l)))
        (local.set $a
          (f32x4.relaxed_madd (local.get $w) (v128.load offset=0 (local.get $r)) (local.get $a)))
        (local.set $b
          (f32x4.relaxed_madd (local.get $w) (v128.load offset=16 (local.get $r)) (local.get $b)))
        (local.set $c
          (f32x4.relaxed_madd (local.get $w) (v128.load offset=32 (local.get $r)) (local.get $c)))
        (local.set $d
          (f32x4.relaxed_madd (local.get $w) (v128.load offset=48 (local.get $r)) (local.get $d)))
        (local.set $l (i32.add (local.get $l) (i32.const 4)))
        (local.set $r (i32.add (local.get $r) (local.get $rowBytes)))
        (br_if $ranks (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
      (v128.store offset=0 (local.get $values)
        (f32x4.add (v128.load offset=0 (local.get $values)) (f32x4.mul (local.get $a) (local.get $s))))
      (v128.store offset=16 (local.get $values)
        (f32x4.add (v128.load offset=16 (local.get $values)) (f32x4.mul (local.get $b) (local.get $s))))
      (v128.store offset=32 (local.get $values)
        (f32x4.add (v128.load offset=32 (local.get $values)) (f32x4.mul (local.get $c) (local.get $s))))
      (v128.store offset=48 (local.get $values)
        (f32x4.add (v128.load offset=48 (local.get $values)) (f32x4.mul (local.get $d) (local.get $s))))
      (local.set $values (i32.add (local.get $values) (i32.const 64)))
      (br_if $columns (i32.lt_u (local.tee $right (i32.add (local.get $right) (i32.const 64))) (local.get $end)))))
  ;; Expands bfloat16 to float32, four values at once. A value is the upper half of a float32.
  (func (export "expandRow") (param $halves i32) (param $values i32) (param $end i32)
    (loop $columns
      (v128.store (local.get $values) (i32x4.shl (v128.load16x4_u (local.get $halves)) (i32.const 16)))
      (local.set $halves (i32.add (local.get $halves) (i32.const 8)))
      (br_if $columns (i32.lt_u (local.tee $values (i32.add (local.get $values) (i32.const 16))) (local.get $end)))))
  ;; Rounds float32 to bfloat16, to even at ties, four values at once. NaN becomes the quiet NaN.
  (func (export "roundRow") (param $halves i32) (param $values i32) (param $end i32)
    (local $v v128)
    (loop $columns
      (local.set $v (v128.load (local.get $values)))
      (local.set $v (v128.bitselect
        (i32x4.shr_u
          (i32x4.add
            (i32x4.add (local.get $v) (v128.const i32x4 0x7fff 0x7fff 0x7fff 0x7fff))
            (v128.and (i32x4.shr_u (local.get $v) (i32.const 16)) (v128.const i32x4 1 1 1 1)))
          (i32.const 16))
        (v128.const i32x4 0x7fc0 0x7fc0 0x7fc0 0x7fc0)
        (f32x4.eq (local.get $v) (local.get $v))))
      (v128.store64_lane 0 (local.get $halves) (i16x8.narrow_i32x4_u (local.get $v) (local.get $v)))
      (local.set $halves (i32.add (local.get $halves) (i32.const 8)))
      (br_if $columns (i32.lt_u (local.tee $values (i32.add (local.get $values) (i32.const 16))) (local.get $end))))))
