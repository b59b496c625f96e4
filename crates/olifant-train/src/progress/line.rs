//! The pieces of a progress line, to the character those of Keras.

use std::fmt;

use super::screen::Screen;
use crate::logs::Logs;
use crate::number_format::Number;

/// The cells of a bar.
const CELLS: usize = 20;

/// How far a pass through the data has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// Steps done.
    pub(super) step: usize,
    /// Steps there are, if that is known.
    pub(super) steps: Option<usize>,
    /// Seconds since the pass began.
    pub(super) elapsed: f64,
    /// Seconds that a step takes.
    pub(super) per_step: f64,
    /// Whether this is the last line of the pass.
    pub(super) is_final: bool,
}

/// `125/125 - 2s - 14ms/step - accuracy: 0.5504 - loss: 1.5632`.
pub(super) fn write_epoch_line(line: &mut impl fmt::Write, state: State, logs: &Logs) -> fmt::Result {
    write_count(line, state.step, state.steps)?;
    write!(line, " - {:.0}s - ", state.elapsed)?;
    write_per_step(line, state.per_step)?;
    write_logs(line, logs, true)
}

/// ` 63/125 ━━━━━━━━━━━━━━━━━━━━ 1s 14ms/step - accuracy: 0.5504 - loss: 1.5632`, in colours on a terminal.
pub(super) fn write_bar(
    line: &mut impl fmt::Write,
    state: State,
    logs: &Logs,
    screen: Screen,
) -> fmt::Result {
    let paint = Paint { in_colour: screen.is_terminal };
    match state.steps {
        Some(steps) if steps > 0 => {
            paint.write(line, "\x1b[1m", |line| write_count(line, state.step, state.steps))?;
            line.write_str(" ")?;
            let share = state.step as f64 / steps as f64;
            let done = ((CELLS as f64 * share) as usize).min(CELLS);
            if done > 0 {
                paint.write(line, "\x1b[32m", |line| write_cells(line, done, screen))?;
            }
            paint.write(line, "\x1b[37m", |line| write_cells(line, CELLS - done, screen))?;
        }
        _ => write_count(line, state.step, None)?,
    }
    line.write_str(" ")?;
    paint.write(line, "\x1b[1m", |line| write_time(line, state))?;
    line.write_str(" ")?;
    write_per_step(line, state.per_step)?;
    write_logs(line, logs, false)
}

/// How many columns a line takes: its characters without the escapes that colour it.
pub(super) fn width(line: &str) -> usize {
    let mut in_escape = false;
    let visible = line.chars().filter(|&character| {
        let starts = character == '\x1b';
        let hidden = in_escape || starts;
        in_escape = starts || (in_escape && character != 'm');
        !hidden
    });
    visible.count()
}

struct Paint {
    in_colour: bool,
}

impl Paint {
    fn write<W: fmt::Write>(
        &self,
        line: &mut W,
        colour: &str,
        text: impl FnOnce(&mut W) -> fmt::Result,
    ) -> fmt::Result {
        if !self.in_colour {
            return text(line);
        }
        line.write_str(colour)?;
        text(line)?;
        line.write_str("\x1b[0m")
    }
}

fn write_count(line: &mut impl fmt::Write, step: usize, steps: Option<usize>) -> fmt::Result {
    match steps {
        Some(steps) if steps > 0 => {
            let digits = steps.ilog10() as usize + 1;
            write!(line, "{step:digits$}/{steps}")
        }
        _ => write!(line, "{step:7}/Unknown"),
    }
}

fn write_cells(line: &mut impl fmt::Write, cells: usize, screen: Screen) -> fmt::Result {
    (0..cells).try_for_each(|_| line.write_str(if screen.is_utf8 { "━" } else { "=" }))
}

/// While a pass runs, how long it will still take, if that can be known; then how long it took.
fn write_time(line: &mut impl fmt::Write, state: State) -> fmt::Result {
    let remaining = match state.steps {
        Some(steps) if steps > 0 && !state.is_final => steps.saturating_sub(state.step),
        _ => return write!(line, "{:.0}s", state.elapsed),
    };
    let seconds = state.per_step * remaining as f64;
    let whole = seconds as u64;
    let (hours, minutes) = (whole / 3600, whole / 60 % 60);
    if seconds > 3600.0 {
        write!(line, "{hours}:{minutes:02}:{:02}", whole % 60)
    } else if seconds > 60.0 {
        write!(line, "{}:{:02}", whole / 60, whole % 60)
    } else {
        write!(line, "{whole}s")
    }
}

fn write_per_step(line: &mut impl fmt::Write, seconds: f64) -> fmt::Result {
    if seconds >= 1.0 || seconds == 0.0 {
        write!(line, "{seconds:.0}s/step")
    } else if seconds >= 1e-3 {
        write!(line, "{:.0}ms/step", seconds * 1e3)
    } else {
        write!(line, "{:.0}us/step", seconds * 1e6)
    }
}

fn write_logs(line: &mut impl fmt::Write, logs: &Logs, signed: bool) -> fmt::Result {
    logs.iter().try_for_each(|(name, value)| write!(line, " - {name}: {}", Number { value, signed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Screen = Screen { is_terminal: true, is_utf8: true };

    fn bar(step: usize, steps: Option<usize>, per_step: f64, screen: Screen) -> String {
        let state = State { step, steps, elapsed: 1.5, per_step, is_final: false };
        let mut line = String::new();
        write_bar(&mut line, state, &Logs::new(), screen).unwrap();
        line
    }

    /// The times that Keras 3.15's progress bar shows, read off its own output.
    #[test]
    fn remaining_time_is_written_as_keras_does() {
        for (seconds, expected) in [
            (59.99, " 59s 600ms/step"),
            (60.0, " 60s 600ms/step"),
            (61.5, " 1:01 615ms/step"),
            (3600.0, " 60:00 36s/step"),
            (3661.0, " 1:01:01 37s/step"),
            (36000.0, " 10:00:00 360s/step"),
        ] {
            let line = bar(1, Some(101), seconds / 100.0, Screen::FILE);
            assert_eq!(line, format!("  1/101 ━━━━━━━━━━━━━━━━━━━━{expected}"));
        }
    }

    /// The same for the time per step.
    #[test]
    fn time_per_step_is_written_as_keras_does() {
        for (seconds, expected) in [
            (0.0, "1/1 - 0s - 0s/step"),
            (4e-7, "1/1 - 0s - 0us/step"),
            (0.00025, "1/1 - 0s - 250us/step"),
            (0.001, "1/1 - 0s - 1ms/step"),
            (0.0015, "1/1 - 0s - 2ms/step"),
            (0.9999, "1/1 - 1s - 1000ms/step"),
            (1.0, "1/1 - 1s - 1s/step"),
            (2.5, "1/1 - 2s - 2s/step"),
        ] {
            let (elapsed, per_step) = (seconds, seconds);
            let state = State { step: 1, steps: Some(1), elapsed, per_step, is_final: true };
            let mut line = String::new();
            write_epoch_line(&mut line, state, &Logs::new()).unwrap();
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn the_bar_has_twenty_cells_however_far_it_is() {
        for step in [0, 1, 50, 99, 100, 1000] {
            let line = bar(step, Some(100), 0.0, TERMINAL);
            assert_eq!(line.matches('━').count(), 20, "{line}");
        }
        let half = bar(50, Some(100), 0.0, TERMINAL);
        assert!(half.contains(&format!("\x1b[32m{}\x1b[0m\x1b[37m", "━".repeat(10))), "{half}");
    }

    #[test]
    fn a_terminal_without_utf8_gets_equal_signs() {
        let line = bar(1, Some(2), 0.0, Screen { is_terminal: false, is_utf8: false });
        assert_eq!(line, "1/2 ==================== 0s 0s/step");
    }

    #[test]
    fn no_steps_at_all_are_unknown_steps() {
        assert_eq!(bar(0, Some(0), 0.0, Screen::FILE), "      0/Unknown 2s 0s/step");
    }

    #[test]
    fn colours_take_no_columns() {
        assert_eq!(width(&bar(1, Some(3), 0.0, TERMINAL)), "1/3 ".len() + 20 + " 0s 0s/step".len());
        assert_eq!(width("loss: 1m"), 8);
    }
}
