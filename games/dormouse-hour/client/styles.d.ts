/** Lets TypeScript accept imports of styles, which the bundler collects. */
declare module '*.css';
