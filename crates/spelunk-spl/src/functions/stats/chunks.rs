//! A sorted list of numbers with insertion and removal.

/// Sorted numbers in chunks small enough to shift: finding, inserting and removing cost about the square root
/// of their number.
#[derive(Debug, Default)]
pub struct Chunks {
    chunks: Vec<Vec<f64>>,
    len: usize,
}

/// A larger chunk is split.
const MOST: usize = 1024;

impl Chunks {
    /// The number of numbers.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Inserts a number.
    pub fn insert(&mut self, number: f64) {
        self.len += 1;
        let at = self.chunk_of(number);
        let Some(chunk) = self.chunks.get_mut(at) else {
            self.chunks.push(vec![number]);
            return;
        };
        let place = chunk.partition_point(|n| n.total_cmp(&number).is_lt());
        chunk.insert(place, number);
        if chunk.len() > MOST {
            let half = chunk.split_off(MOST / 2);
            self.chunks.insert(at + 1, half);
        }
    }

    /// Removes a number if present.
    pub fn remove(&mut self, number: f64) {
        let at = self.chunk_of(number);
        let Some(chunk) = self.chunks.get_mut(at) else {
            return;
        };
        let place = chunk.partition_point(|n| n.total_cmp(&number).is_lt());
        if chunk
            .get(place)
            .is_some_and(|n| n.total_cmp(&number).is_eq())
        {
            chunk.remove(place);
            self.len -= 1;
            if chunk.is_empty() {
                self.chunks.remove(at);
            }
        }
    }

    /// The number at this rank.
    pub fn get(&self, mut at: usize) -> Option<f64> {
        for chunk in &self.chunks {
            match chunk.get(at) {
                Some(number) => return Some(*number),
                None => at -= chunk.len(),
            }
        }
        None
    }

    /// The first chunk whose largest number is not below this one, or the last chunk.
    fn chunk_of(&self, number: f64) -> usize {
        let at = self.chunks.partition_point(|chunk| {
            chunk
                .last()
                .is_some_and(|last| last.total_cmp(&number).is_lt())
        });
        at.min(self.chunks.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::Chunks;

    #[test]
    fn numbers_stay_in_order_while_they_come_and_go() {
        let mut chunks = Chunks::default();
        let numbers: Vec<f64> = (0..5000).map(|i| f64::from(i * 7919 % 5003)).collect();
        numbers.iter().for_each(|n| chunks.insert(*n));
        numbers[..2500].iter().for_each(|n| chunks.remove(*n));
        let mut left = numbers[2500..].to_vec();
        left.sort_by(f64::total_cmp);
        let kept: Vec<f64> = (0..chunks.len()).filter_map(|i| chunks.get(i)).collect();
        assert_eq!(kept, left);
        assert_eq!(chunks.get(chunks.len()), None);
    }
}
