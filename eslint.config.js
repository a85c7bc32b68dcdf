import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const environmentOnlyInConfig = {
  object: 'process',
  property: 'env',
  message: 'Only config/ reads the environment; take the setting as an argument.',
};

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'tools/**', '*.js', '*.cjs'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-restricted-properties': ['error', environmentOnlyInConfig],
    },
  },
  {
    files: ['config/**', 'test/**', 'sandbox/**', 'bench/**'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['cli/**', 'sandbox/**', 'test/**', 'bench/**'],
    rules: { 'no-console': 'off' },
  },
  {
    // Time and identifiers come in as arguments: domain is a table that tests walk.
    files: ['domain/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='Date'][property.name='now']",
          message: 'No clock in domain/.',
        },
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'No clock in domain/.',
        },
        {
          selector: "MemberExpression[object.name='Math'][property.name='random']",
          message: 'No chance in domain/.',
        },
      ],
    },
  },
);
