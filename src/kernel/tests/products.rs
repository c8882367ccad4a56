//! Compares products of matrices with plain sums.

use super::{assert_all_equal, bits, uniform};
use crate::kernel::buffer::Buffer;
use crate::kernel::lanes::forced::on_each_instruction_set;
use crate::kernel::offsets::Offsets;
use crate::kernel::pooled_product::{PooledOutput, PooledProduct};
use crate::kernel::product::{Left, Right, Start, multiply};
use crate::kernel::support::Support;
use crate::random::Stream;

#[test]
fn products_of_random_sizes_are_one_chain_of_fused_multiply_adds_on_every_instruction_set() {
    let mut stream = Stream::new(3, "products");
    for _ in 0..100 {
        let mut draw = |high: u32| 1 + stream.below(high) as usize;
        let (rows, columns, inner) = (draw(30), draw(70), draw(20));
        let left = uniform(rows * inner, &mut stream);
        let right = uniform(inner * columns, &mut stream);
        let old = uniform(rows * columns, &mut stream);
        let right_rows = Offsets::strided(inner, columns);
        for start in [Start::Zero, Start::Output, Start::Row(&old[..columns])] {
            for is_transposed in [false, true] {
                let (row, column) = if is_transposed { (1, rows) } else { (inner, 1) };
                let mut exact = old.clone();
                for (at, exact) in exact.iter_mut().enumerate() {
                    let (i, j) = (at / columns, at % columns);
                    let from = match start {
                        Start::Zero => 0.0,
                        Start::Output => *exact,
                        Start::Row(row) => row[j],
                    };
                    *exact = (0..inner).fold(from, |sum, k| {
                        left[i * row + k * column].mul_add(right[k * columns + j], sum)
                    });
                }
                let found = on_each_instruction_set(|| {
                    let mut output = old.clone();
                    let mut with_room = Buffer::default();
                    with_room.fill_from(&right);
                    multiply(
                        &mut output,
                        &Offsets::strided(rows, columns),
                        start,
                        Left {
                            data: &left,
                            rows: &Offsets::strided(rows, row),
                            columns: &Offsets::strided(inner, column),
                        },
                        Right { data: &with_room, rows: &right_rows, columns },
                    );
                    bits(&output)
                });
                assert_all_equal(&found);
                assert_eq!(found[0], bits(&exact));
            }
        }
    }
}

#[test]
#[should_panic(expected = "the left matrix")]
fn a_left_matrix_of_which_a_row_lies_beyond_its_slice_is_refused() {
    let (rows, one) = (Offsets::new(vec![usize::MAX]), Offsets::strided(1, 1));
    let left = Left { data: &[1.0], rows: &rows, columns: &one };
    let right = Right { data: &[1.0; 16], rows: &one, columns: 1 };
    multiply(&mut [0.0], &one, Start::Zero, left, right);
}

#[test]
#[should_panic(expected = "the left matrix")]
fn a_window_of_which_a_row_lies_beyond_its_slice_is_refused() {
    let (positions, one) = (Offsets::strided(4, 1), Offsets::strided(1, 1));
    let left = Left { data: &[1.0; 3], rows: &one, columns: &one };
    let right = Right { data: &[1.0; 16], rows: &one, columns: 1 };
    let [mut maximum, mut argmax] = [[0.0]; 2];
    let [maxima, argmax] =
        [&mut maximum, &mut argmax].map(|data| PooledOutput { data, rows: &one });
    PooledProduct { left, positions: &positions, right, bias: &[0.0] }.write(maxima, Some(argmax));
}

#[test]
#[should_panic(expected = "room for a whole vector")]
fn a_right_matrix_without_room_for_a_whole_vector_is_refused() {
    let one = Offsets::strided(1, 1);
    let left = Left { data: &[1.0], rows: &one, columns: &one };
    multiply(&mut [0.0], &one, Start::Zero, left, Right { data: &[1.0], rows: &one, columns: 1 });
}

#[test]
fn a_product_that_leaves_out_zeros_gives_the_bits_of_the_product() {
    let mut stream = Stream::new(7, "support");
    let mut kept = Support::default();
    for trial in 0..120 {
        let mut draw = |high: u32| 1 + stream.below(high) as usize;
        let large = trial % 10 == 0;
        let (rows, inner) = if large { (draw(300), draw(200)) } else { (draw(13), draw(20)) };
        let columns = draw(150);
        let mut matrix = uniform(rows * inner, &mut stream);
        for value in &mut matrix {
            if stream.below(5) < 4 {
                *value = 0.0;
            }
        }
        // Rows and columns of zeros, too.
        let dead = [rows, inner].map(|n| stream.below(2 * n as u32) as usize);
        for (index, value) in matrix.iter_mut().enumerate() {
            if index / inner == dead[0] || index % inner == dead[1] {
                *value = 0.0;
            }
        }
        let support = match trial % 2 {
            0 => &Support::new(&matrix, inner),
            _ => {
                kept.find(&matrix, inner);
                &kept
            }
        };
        for is_transposed in [false, true] {
            let (m, k) = if is_transposed { (inner, rows) } else { (rows, inner) };
            let (row, column) = if is_transposed { (1, inner) } else { (inner, 1) };
            let old = uniform(m * columns, &mut stream);
            let mut right = Buffer::default();
            right.fill_from(&uniform(k * columns, &mut stream));
            let mut whole = old.clone();
            let (left_rows, left_columns) = (Offsets::strided(m, row), Offsets::strided(k, column));
            let [output_rows, right_rows] = [m, k].map(|n| Offsets::strided(n, columns));
            let left = Left { data: &matrix, rows: &left_rows, columns: &left_columns };
            let of_right = Right { data: &right, rows: &right_rows, columns };
            let start = match is_transposed {
                false => Start::Row(&old[..columns]),
                true => Start::Output,
            };
            multiply(&mut whole, &output_rows, start, left, of_right);
            let found = on_each_instruction_set(|| {
                let mut output = old.clone();
                match is_transposed {
                    false => support.product(&mut output, start, &matrix, &right, columns),
                    true => support.add_transposed_product(&mut output, &matrix, &right, columns),
                }
                bits(&output)
            });
            assert_all_equal(&found);
            assert_eq!(found[0], bits(&whole));
        }
    }
}

#[test]
fn a_product_leaves_no_zero_out_if_a_number_is_not_finite() {
    let mut support = Support::default();
    support.find(&[0.0, 1.0, 0.0, 0.0], 2);
    for bad in [f32::INFINITY, f32::NAN] {
        let mut right = Buffer::default();
        right.fill_from(&[bad, 3.0]);
        let mut output = [0.0; 2];
        support.product(&mut output, Start::Zero, &[0.0, 1.0, 0.0, 0.0], &right, 1);
        assert!(output[0].is_nan() && output[1].is_nan());
        support.add_transposed_product(&mut output, &[0.0, 1.0, 0.0, 0.0], &right, 1);
        assert!(output.iter().all(|value| value.is_nan()));
    }
}

#[test]
#[should_panic(expected = "values of the output")]
fn a_number_of_columns_that_overflows_is_refused() {
    let support = Support::new(&[1.0; 4], 2);
    support.product(&mut [], Start::Zero, &[1.0; 4], &[], 1 << (usize::BITS - 1));
}

#[test]
#[should_panic(expected = "values of the matrix")]
fn the_support_of_another_matrix_is_refused() {
    let support = Support::new(&[1.0; 6], 2);
    support.product(&mut [0.0; 3], Start::Zero, &[1.0; 4], &[1.0; 32], 1);
}
