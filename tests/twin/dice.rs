//! Numbers out of a number.
#![allow(dead_code, reason = "the laws and the twin each use their own part")]

/// Numbers that look like chance (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
pub struct Dice {
    state: u64,
    /// Times are round: much happens at the same time.
    round: bool,
}

impl Dice {
    pub fn new(number: u64) -> Dice {
        let mut dice = Dice { state: number.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 20_240_304, round: false };
        dice.round = dice.percent(30);
        dice
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, p: usize) -> bool {
        self.below(100) < p
    }

    pub fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// So many different numbers below `n`, or as many as there are, in some order.
    pub fn some(&mut self, count: usize, n: usize) -> Vec<usize> {
        let mut left: Vec<usize> = (0..n).collect();
        (0..count.min(n)).map(|_| left.swap_remove(self.below(left.len()))).collect()
    }

    /// A time between two numbers of seconds, in nanoseconds: whole microseconds, or where times are round one of few.
    pub fn time(&mut self, from_s: i64, to_s: i64) -> i64 {
        let width_s = (to_s - from_s).max(1);
        if self.round {
            let step_s = (width_s / 8).max(1);
            return (from_s + step_s * (1 + self.below(8) as i64)) * 1_000_000_000;
        }
        from_s * 1_000_000_000 + (1 + self.next() as i64 % (width_s * 1_000_000)).abs() * 1_000
    }
}
