// One product: reading it, and the mutations of those who may edit. Each change carries the version that it was made on.
import { api } from '../../api/api.ts';
import type { AppDispatch } from '../../api/hooks.ts';
import { problemOf } from '../../api/problem.ts';
import type { Money, Page, Product } from '../../api/types.ts';

/** What can be changed of a product. */
export interface ProductValues {
  name: string;
  category: string;
  barcode: string;
  unit_price: Money | null;
  attributes: Record<string, unknown>;
  reorder_point: number;
}

export type ProductChange = Partial<ProductValues> & { archived?: false };

export interface NewProduct extends ProductValues {
  sku: string;
  opening_stock?: { location: string; quantity: number }[];
}

const addressOf = (sku: string) => `/products/${encodeURIComponent(sku)}`;
const ifMatch = (version: number) => ({ 'If-Match': `"${version}"` });

export const productApi = api.injectEndpoints({
  endpoints: (build) => ({
    product: build.query<Product, string>({
      query: addressOf,
      providesTags: ['Product'],
      keepUnusedDataFor: 5,
    }),
    /** The codes of the locations. */
    locations: build.query<string[], void>({
      query: () => ({ url: '/locations', params: { limit: 500 } }),
      transformResponse: (answer: Page<{ code: string }>) => answer.items.map(({ code }) => code),
      providesTags: ['Locations'],
    }),
    createProduct: build.mutation<Product, { key: string; product: NewProduct }>({
      query: ({ key, product }) => ({
        url: '/products',
        method: 'POST',
        headers: { 'Idempotency-Key': key },
        body: product,
      }),
      invalidatesTags: (result) => (result ? ['Stock', 'Categories'] : []),
    }),
    /** Changes the fields of a product; `archived: false` takes it out of the archive. */
    updateProduct: build.mutation<Product, { sku: string; version: number; change: ProductChange }>({
      query: ({ sku, version, change }) => ({
        url: addressOf(sku),
        method: 'PATCH',
        headers: ifMatch(version),
        body: change,
      }),
      async onQueryStarted(_, { dispatch, queryFulfilled }) {
        try {
          keepProduct(dispatch as AppDispatch, (await queryFulfilled).data);
        } catch (failure) {
          const current = currentProduct((failure as { error?: unknown }).error);
          if (current) {
            keepProduct(dispatch as AppDispatch, current);
          }
        }
      },
      // A restored product comes into the lists anew, as others see by the feed.
      invalidatesTags: (result, _error, { change }) =>
        !result
          ? []
          : change.archived === false
            ? ['Stock', 'Level', 'Product', 'Categories']
            : ['Stock', 'Categories'],
    }),
    /** The first products that are out of use, by SKU, and how many there are. */
    archived: build.query<Page<Product> & { total: number }, string>({
      query: (search) => ({ url: '/products', params: { archived: true, search, limit: 100 } }),
      providesTags: ['Product'],
      keepUnusedDataFor: 5,
    }),
    archiveProduct: build.mutation<void, { sku: string; version: number }>({
      query: ({ sku, version }) => ({ url: addressOf(sku), method: 'DELETE', headers: ifMatch(version) }),
      // After a refusal too: it may say that what is on screen is old.
      invalidatesTags: (_result, error) => (error ? ['Stock', 'Product'] : ['Stock', 'Categories']),
    }),
  }),
});

export const {
  useProductQuery,
  useLocationsQuery,
  useCreateProductMutation,
  useUpdateProductMutation,
  useArchiveProductMutation,
  useArchivedQuery,
} = productApi;

/** What a 412 says the product is now. */
export function currentProduct(error: unknown): Product | null {
  const problem = problemOf(error) as { code: string; current?: Product } | null;
  return problem?.code === 'version_mismatch' ? (problem.current ?? null) : null;
}

/** Shows an answer at once; older versions never win. */
function keepProduct(dispatch: AppDispatch, product: Product): void {
  dispatch(
    productApi.util.updateQueryData('product', product.sku, (draft) =>
      draft.version < product.version ? product : undefined,
    ),
  );
}
