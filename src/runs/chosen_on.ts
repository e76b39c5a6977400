/** What is said of every figure of the test set where the test set also chose the weights. */
export const OPTIMISTIC = 'chosen on the test set: the figure is optimistic';
