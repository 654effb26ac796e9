/**
 * Was it the cure, or would it have ended anyway?
 *
 * A symptom that lasted T while it was only looked at, and ended within dt after an intervention. If it ends at random
 * with an unknown constant rate (prior 1/rate, as scale-free as Jeffreys'), the chance that the end falls within the
 * next dt is dt / (T + dt): Laplace's rule of succession in continuous time (Gott, Nature 363, 1993, uses the same).
 */

/** Chance that a symptom which lasted `lasted` ends by itself within the next `within`; same unit. */
export const chanceOfEnding = (lasted: number, within: number): number =>
  lasted + within <= 0 ? 1 : Math.min(1, Math.max(0, within / (lasted + within)))

/** Chance that a true cure works within its rung: not all are prompt. */
const CURE_IS_PROMPT = 0.9

/**
 * Posterior probability that the intervention ended it, from even odds. Each independent sign that its mechanism was at
 * work (a wait that returned EINTR, memory that was freed) multiplies the odds by `signWeight`.
 */
export function cureProbability(
  lasted: number,
  within: number,
  signs: number,
  priorOdds = 1,
  signWeight = 10,
): number {
  const chance = Math.max(1e-9, chanceOfEnding(lasted, within))
  const odds = priorOdds * (CURE_IS_PROMPT / chance) * signWeight ** signs
  return odds / (1 + odds)
}
